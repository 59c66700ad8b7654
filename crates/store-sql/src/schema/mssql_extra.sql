-- Indexes of our own on MLflow's tables; what they are for is told in sqlite_extra.sql. SQL Server
-- keeps statistics of values and finds its own way, so that fewer are needed; but MLflow leaves it
-- without any index on the runs of an experiment.

CREATE INDEX IF NOT EXISTS oxflow_runs_page
    ON runs (experiment_id, lifecycle_stage, start_time DESC, run_uuid);
CREATE INDEX IF NOT EXISTS oxflow_experiment_tags_experiment
    ON experiment_tags (experiment_id);
CREATE INDEX IF NOT EXISTS oxflow_logged_models_page
    ON logged_models (experiment_id, lifecycle_stage, creation_timestamp_ms DESC, model_id);
CREATE INDEX IF NOT EXISTS oxflow_model_versions_run
    ON model_versions (run_id);
