-- Tables of our own beside MLflow's, with their indexes; created when a database is opened. What
-- they are for is told in sqlite_tables.sql.

CREATE TABLE IF NOT EXISTS oxflow_webhook_deliveries (
    event_id VARCHAR(32) NOT NULL,
    webhook_id VARCHAR(256) NOT NULL,
    body TEXT NOT NULL,
    queued_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    claim VARCHAR(32),
    CONSTRAINT oxflow_webhook_deliveries_pk PRIMARY KEY (event_id, webhook_id)
);
CREATE INDEX IF NOT EXISTS oxflow_webhook_deliveries_due
    ON oxflow_webhook_deliveries (due_at, webhook_id);
CREATE INDEX IF NOT EXISTS oxflow_webhook_deliveries_webhook
    ON oxflow_webhook_deliveries (webhook_id, queued_at);

CREATE TABLE IF NOT EXISTS oxflow_views (
    view_id VARCHAR(36) NOT NULL,
    experiment_id INTEGER,
    name VARCHAR(250) NOT NULL,
    owner VARCHAR(255) NOT NULL,
    is_default BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT oxflow_views_pk PRIMARY KEY (view_id)
);
CREATE INDEX IF NOT EXISTS oxflow_views_experiment ON oxflow_views (experiment_id, name);

CREATE TABLE IF NOT EXISTS oxflow_changes (
    run_uuid VARCHAR(32) NOT NULL,
    experiment_id INTEGER NOT NULL,
    changed_at BIGINT NOT NULL,
    CONSTRAINT oxflow_changes_pk PRIMARY KEY (run_uuid)
);
CREATE INDEX IF NOT EXISTS oxflow_changes_time ON oxflow_changes (changed_at);
