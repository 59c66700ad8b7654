-- Indexes of our own on MLflow's tables, for searches in large databases.
--
-- MLflow does not know of them: they constrain nothing, SQLite keeps them up to date
-- whoever writes, and Alembic carries them through the table copies of its migrations
-- (without DESC, which then costs a partial sort). Names start with oxflow_ so that they
-- can be told apart and dropped at any time. MLflow's own searches on such a database
-- took 1.2 to 3 times less with them.
--
-- On a database that already holds many runs, creating them takes about 3 to 4 s per
-- 100,000 runs with 10 metrics and 10 parameters each, under the write lock.
--
-- Gains and costs below: 100,000 runs with 10 metrics, 11 parameters and 6 tags each,
-- half of them in one experiment; SQLite with a write-ahead log and full fsync; CPU time
-- with a warm cache. `metrics` has no index here: it is the hottest write of all, and no
-- search reads it.
--
-- Apart from oxflow_runs_page, SQLite does not choose these indexes by itself, as it cannot
-- know that a value is rare. A query has to start from them: by CROSS JOIN, or by
-- `r.run_uuid IN (SELECT run_uuid ...)` with `+r.experiment_id` and `+r.lifecycle_stage`,
-- where the plus keeps oxflow_runs_page out. Where many runs match, that is the slower way:
-- reading up to a few thousand matches first (1 ms) tells which one to take.

-- The default page of a search (active runs, newest first): 60 ms without, 0.2 ms with,
-- and 3 ms at offset 40,000. Both lifecycle stages at once stay fast when they are written
-- as IN ('active', 'deleted'). Cost: one entry per created run; updates that finish a run
-- do not touch it.
CREATE INDEX IF NOT EXISTS oxflow_runs_page
    ON runs (experiment_id, lifecycle_stage, start_time DESC, run_uuid);

-- Ordering by a metric, and filters that few runs pass: 75 to 190 ms without, 0.1 to 0.9 ms
-- with, provided the query starts from latest_metrics. (Where most runs pass, walking
-- oxflow_runs_page and probing the primary key is faster.) Cost: every newer point moves
-- one entry, which adds 9 us to a point in a grouped commit and 18 us to a point committed
-- alone (20 to 30 %), and nothing measurable to batches. run_uuid is left out: it would
-- grow the index from 20 to 53 MB and gain nothing, since the row is read anyway. The
-- condition is true for every row. It is there so that only queries which repeat it
-- literally use the index: SQLite would start MLflow's own metric filters from it, and
-- those that many runs pass would take half as long again.
CREATE INDEX IF NOT EXISTS oxflow_latest_metrics_value
    ON latest_metrics ("key", value)
    WHERE is_nan IN (0, 1);

-- Parameters equal to a rare value: 70 ms without, 0.01 ms with. Cost: 10 us per parameter,
-- paid once because parameters do not change. Long values (prompts, whole configurations)
-- are left out, as they are not what people search for and would be stored twice; a query
-- must repeat the length condition literally to use the index.
CREATE INDEX IF NOT EXISTS oxflow_params_value
    ON params ("key", value)
    WHERE length(value) <= 128;

-- The same for tags set by people. Most tags that every run gets from MLflow (user, source)
-- hardly tell runs apart, and indexing them all would add half to the cost of creating a
-- run. A query must repeat both conditions literally.
CREATE INDEX IF NOT EXISTS oxflow_tags_value
    ON tags ("key", value)
    WHERE length(value) <= 128 AND substr("key", 1, 7) <> 'mlflow.';

-- Two of MLflow's tags do tell runs apart: the parent, by which the run list finds the
-- children of a row, and the name, by which scripts find a run. 65 to 80 ms without, 0.05 ms
-- with. Cost: one entry each per created run, 10 us or so; only nested runs have a parent.
CREATE INDEX IF NOT EXISTS oxflow_tags_parent_run
    ON tags (value)
    WHERE "key" = 'mlflow.parentRunId';
CREATE INDEX IF NOT EXISTS oxflow_tags_run_name
    ON tags (value)
    WHERE "key" = 'mlflow.runName';

-- The primary key of experiment_tags starts with the key, so reading the tags of one
-- experiment would scan those of all. Seldom written.
CREATE INDEX IF NOT EXISTS oxflow_experiment_tags_experiment
    ON experiment_tags (experiment_id);

-- Logged models of an experiment, newest first, and the cascade when an experiment goes.
CREATE INDEX IF NOT EXISTS oxflow_logged_models_page
    ON logged_models (experiment_id, lifecycle_stage, creation_timestamp_ms DESC, model_id);

-- Registered versions that came from a run, which every run page asks for.
CREATE INDEX IF NOT EXISTS oxflow_model_versions_run
    ON model_versions (run_id);

-- The latest version of each stage, which every answer about a registered model shows: 25 ms
-- without and 5 ms with for a model with 20,000 versions. Versions are seldom written.
CREATE INDEX IF NOT EXISTS oxflow_model_versions_stage
    ON model_versions (workspace, name, current_stage, version);
