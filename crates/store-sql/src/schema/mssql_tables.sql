-- Tables of our own beside MLflow's, with their indexes; created when a database is opened. What
-- they are for is told in sqlite_tables.sql.

IF OBJECT_ID(N'oxflow_webhook_deliveries', N'U') IS NULL
CREATE TABLE oxflow_webhook_deliveries (
    event_id VARCHAR(32) NOT NULL,
    webhook_id VARCHAR(256) NOT NULL,
    body NVARCHAR(max) NOT NULL,
    queued_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    claim VARCHAR(32) NULL,
    CONSTRAINT oxflow_webhook_deliveries_pk PRIMARY KEY (event_id, webhook_id),
    INDEX oxflow_webhook_deliveries_due (due_at, webhook_id),
    INDEX oxflow_webhook_deliveries_webhook (webhook_id, queued_at)
);

IF OBJECT_ID(N'oxflow_views', N'U') IS NULL
CREATE TABLE oxflow_views (
    view_id VARCHAR(36) NOT NULL,
    experiment_id INTEGER NULL,
    name NVARCHAR(250) NOT NULL,
    owner NVARCHAR(255) NOT NULL,
    is_default BIT NOT NULL,
    state NVARCHAR(max) NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT oxflow_views_pk PRIMARY KEY (view_id),
    INDEX oxflow_views_experiment (experiment_id, name)
);

IF OBJECT_ID(N'oxflow_changes', N'U') IS NULL
CREATE TABLE oxflow_changes (
    run_uuid VARCHAR(32) NOT NULL,
    experiment_id INTEGER NOT NULL,
    changed_at BIGINT NOT NULL,
    CONSTRAINT oxflow_changes_pk PRIMARY KEY (run_uuid),
    INDEX oxflow_changes_time (changed_at)
);
