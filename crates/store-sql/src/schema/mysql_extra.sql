-- Indexes of our own on MLflow's tables; what they are for is told in sqlite_extra.sql. MySQL makes
-- an index for each foreign key by itself, so that only the pages are left.

CREATE INDEX IF NOT EXISTS oxflow_runs_page
    ON runs (experiment_id, lifecycle_stage, start_time, run_uuid);
CREATE INDEX IF NOT EXISTS oxflow_logged_models_page
    ON logged_models (experiment_id, lifecycle_stage, creation_timestamp_ms, model_id);
CREATE INDEX IF NOT EXISTS oxflow_model_versions_run
    ON model_versions (run_id);
