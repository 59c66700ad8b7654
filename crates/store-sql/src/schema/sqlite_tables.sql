-- Tables of our own beside MLflow's, with their indexes; created when a database is opened.

-- What webhooks are still to be told: a table of our own, written in the transaction of the
-- change it tells of, so that neither is ever there without the other. MLflow does not know of
-- it. A row goes when it is delivered or given up.
--
-- due_at (milliseconds) is when a server may take the row; taking it writes its claim and moves
-- due_at to the moment from which the claim is void, so that no two servers send at once.
-- No foreign key: MLflow may delete webhooks without knowing of this table.
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

-- How people arranged the page of an experiment, or of any, under a name. `state` is a text that
-- only the page understands. No foreign key: MLflow may delete experiments without knowing of
-- this table.
CREATE TABLE IF NOT EXISTS oxflow_views (
    view_id VARCHAR(36) NOT NULL,
    experiment_id INTEGER,
    name VARCHAR(250) NOT NULL,
    owner VARCHAR(255) NOT NULL,
    is_default INTEGER NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT oxflow_views_pk PRIMARY KEY (view_id)
);
CREATE INDEX IF NOT EXISTS oxflow_views_experiment ON oxflow_views (experiment_id, name);

-- Runs that changed within the last minutes, so that every server can tell the pages that follow
-- them. Each server writes here about twice a second while clients log to it, however much they
-- log.
CREATE TABLE IF NOT EXISTS oxflow_changes (
    run_uuid VARCHAR(32) NOT NULL,
    experiment_id INTEGER NOT NULL,
    changed_at BIGINT NOT NULL,
    CONSTRAINT oxflow_changes_pk PRIMARY KEY (run_uuid)
);
CREATE INDEX IF NOT EXISTS oxflow_changes_time ON oxflow_changes (changed_at);
