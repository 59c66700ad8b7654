-- Tables of our own beside MLflow's, with their indexes; created when a database is opened. What
-- they are for is told in sqlite_tables.sql.

CREATE TABLE IF NOT EXISTS oxflow_webhook_deliveries (
    event_id VARCHAR(32) NOT NULL,
    webhook_id VARCHAR(256) NOT NULL,
    body MEDIUMTEXT NOT NULL,
    queued_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    claim VARCHAR(32),
    PRIMARY KEY (event_id, webhook_id),
    INDEX oxflow_webhook_deliveries_due (due_at, webhook_id),
    INDEX oxflow_webhook_deliveries_webhook (webhook_id, queued_at)
);

CREATE TABLE IF NOT EXISTS oxflow_views (
    view_id VARCHAR(36) NOT NULL,
    experiment_id INTEGER,
    name VARCHAR(250) NOT NULL,
    owner VARCHAR(255) NOT NULL,
    is_default BOOLEAN NOT NULL,
    state MEDIUMTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (view_id),
    INDEX oxflow_views_experiment (experiment_id, name)
);

CREATE TABLE IF NOT EXISTS oxflow_changes (
    run_uuid VARCHAR(32) NOT NULL,
    experiment_id INTEGER NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (run_uuid),
    INDEX oxflow_changes_time (changed_at)
);
