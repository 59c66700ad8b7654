-- step: check_trace_analytics
-- Columns may be there: MLflow can add them ahead of time, while its server runs.
ALTER TABLE trace_info ADD COLUMN IF NOT EXISTS trace_name VARCHAR(4096);
ALTER TABLE trace_info ADD COLUMN IF NOT EXISTS session_id VARCHAR(250);
ALTER TABLE trace_info ADD COLUMN IF NOT EXISTS input_tokens BIGINT;
ALTER TABLE trace_info ADD COLUMN IF NOT EXISTS output_tokens BIGINT;
ALTER TABLE trace_info ADD COLUMN IF NOT EXISTS total_tokens BIGINT;
ALTER TABLE trace_info ADD COLUMN IF NOT EXISTS cache_read_input_tokens BIGINT;
ALTER TABLE trace_info ADD COLUMN IF NOT EXISTS cache_creation_input_tokens BIGINT;
ALTER TABLE trace_info ADD COLUMN IF NOT EXISTS cache_creation_input_tokens_above_1hr BIGINT;
ALTER TABLE trace_info ADD COLUMN IF NOT EXISTS input_cost DOUBLE;
ALTER TABLE trace_info ADD COLUMN IF NOT EXISTS output_cost DOUBLE;
ALTER TABLE trace_info ADD COLUMN IF NOT EXISTS total_cost DOUBLE;
ALTER TABLE assessments ADD COLUMN IF NOT EXISTS experiment_id INTEGER;
ALTER TABLE assessments ADD COLUMN IF NOT EXISTS trace_timestamp_ms BIGINT;
ALTER TABLE assessments ADD COLUMN IF NOT EXISTS aggregate_value DOUBLE;
ALTER TABLE assessments ADD COLUMN IF NOT EXISTS is_numeric_value BOOLEAN DEFAULT FALSE;
ALTER TABLE spans ADD COLUMN IF NOT EXISTS input_cost DOUBLE;
ALTER TABLE spans ADD COLUMN IF NOT EXISTS output_cost DOUBLE;
ALTER TABLE spans ADD COLUMN IF NOT EXISTS total_cost DOUBLE;
ALTER TABLE spans ADD COLUMN IF NOT EXISTS model_name VARCHAR(500);
ALTER TABLE spans ADD COLUMN IF NOT EXISTS model_provider VARCHAR(500);
-- step: fill_trace_analytics
ALTER TABLE assessments ALTER COLUMN is_numeric_value TYPE BOOLEAN NOT NULL DEFAULT FALSE;
CREATE TABLE sql_trace_metric_daily_rollups (
    id IDENTITY NOT NULL,
    experiment_id INTEGER NOT NULL,
    rollup_day DATE NOT NULL,
    metric_name VARCHAR(250) NOT NULL,
    grouping_set VARCHAR(50) NOT NULL,
    trace_status VARCHAR(50),
    sample_count BIGINT NOT NULL,
    sum_value DOUBLE,
    min_value DOUBLE,
    max_value DOUBLE,
    p50_value DOUBLE,
    p90_value DOUBLE,
    p99_value DOUBLE,
    CONSTRAINT sql_trace_metric_daily_rollups_pk PRIMARY KEY (id)
);
CREATE TABLE sql_span_cost_daily_rollups (
    id IDENTITY NOT NULL,
    experiment_id INTEGER NOT NULL,
    rollup_day DATE NOT NULL,
    metric_name VARCHAR(250) NOT NULL,
    grouping_set VARCHAR(50) NOT NULL,
    model_name VARCHAR(500),
    model_provider VARCHAR(500),
    sample_count BIGINT NOT NULL,
    sum_value DOUBLE,
    min_value DOUBLE,
    max_value DOUBLE,
    CONSTRAINT sql_span_cost_daily_rollups_pk PRIMARY KEY (id)
);
CREATE TABLE sql_assessment_daily_rollups (
    id IDENTITY NOT NULL,
    experiment_id INTEGER NOT NULL,
    rollup_day DATE NOT NULL,
    metric_name VARCHAR(250) NOT NULL,
    grouping_set VARCHAR(50) NOT NULL,
    sample_count BIGINT NOT NULL,
    sum_value DOUBLE,
    min_value DOUBLE,
    max_value DOUBLE,
    CONSTRAINT sql_assessment_daily_rollups_pk PRIMARY KEY (id)
);
CREATE TABLE sql_trace_rollup_rebuild_queue (
    experiment_id INTEGER NOT NULL,
    rollup_day DATE NOT NULL,
    rollup_family VARCHAR(50) NOT NULL,
    CONSTRAINT sql_trace_rollup_rebuild_queue_pk PRIMARY KEY (experiment_id, rollup_day, rollup_family)
);
CREATE INDEX index_trace_info_experiment_id_session_id ON trace_info (experiment_id, session_id);
CREATE INDEX idx_trace_rollups_lookup
    ON sql_trace_metric_daily_rollups (experiment_id, rollup_day, metric_name, grouping_set,
        trace_status);
-- only: sqlite, postgres
CREATE INDEX idx_span_cost_rollups_lookup
    ON sql_span_cost_daily_rollups (experiment_id, rollup_day, metric_name, grouping_set,
        model_name, model_provider);
-- only: mysql
CREATE INDEX idx_span_cost_rollups_lookup
    ON sql_span_cost_daily_rollups (experiment_id, rollup_day, metric_name, grouping_set,
        model_name(64), model_provider(64));
CREATE INDEX idx_assessment_rollups_lookup
    ON sql_assessment_daily_rollups (experiment_id, rollup_day, metric_name, grouping_set);
-- only: sqlite, mysql
CREATE INDEX idx_spans_cost_trace_time_cover ON spans (trace_id, start_time_unix_nano);
-- only: postgres
CREATE INDEX idx_spans_cost_trace_time_cover ON spans (trace_id, start_time_unix_nano)
    INCLUDE (input_cost, output_cost, total_cost, model_name, model_provider)
    WHERE input_cost IS NOT NULL OR output_cost IS NOT NULL OR total_cost IS NOT NULL;
-- only: sqlite, mysql
CREATE INDEX idx_spans_cost_exp_time_cover ON spans (experiment_id, start_time_unix_nano);
-- only: postgres
CREATE INDEX idx_spans_cost_exp_time_cover ON spans (experiment_id, start_time_unix_nano)
    INCLUDE (input_cost, output_cost, total_cost, model_name, model_provider)
    WHERE input_cost IS NOT NULL OR output_cost IS NOT NULL OR total_cost IS NOT NULL;
CREATE INDEX idx_assessments_exp_trace_ts ON assessments (experiment_id, trace_timestamp_ms);
CREATE INDEX idx_assessments_exp_trace_ts_name
    ON assessments (experiment_id, trace_timestamp_ms, name);
CREATE INDEX idx_assessments_exp_name_valid ON assessments (experiment_id, name, valid);
-- What was read above goes last. Where this may be cut off between two statements, the missing column
-- says that all of it was read.
-- only: sqlite
ALTER TABLE spans
    DROP COLUMN duration_ns,
    DROP COLUMN dimension_attributes,
    ADD COLUMN duration_ns BIGINT
        GENERATED ALWAYS AS (end_time_unix_nano - start_time_unix_nano) STORED BEFORE content;
-- only: postgres, mysql
ALTER TABLE spans DROP COLUMN dimension_attributes;
-- step: remove_old_trace_analytics
