ALTER TABLE experiments
    DROP UNIQUE (name),
    ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
    ADD CONSTRAINT uq_experiments_workspace_name UNIQUE (workspace, name);
-- Servers refuse to change a key that others point to.
-- only: postgres, mysql
ALTER TABLE model_versions DROP FOREIGN KEYS TO registered_models;
-- only: postgres, mysql
ALTER TABLE registered_model_tags DROP FOREIGN KEYS TO registered_models;
-- only: postgres, mysql
ALTER TABLE registered_model_aliases DROP FOREIGN KEYS TO registered_models;
-- only: postgres, mysql
ALTER TABLE model_version_tags DROP FOREIGN KEYS TO model_versions;
ALTER TABLE registered_models
    DROP UNIQUE (name),
    ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
    DROP PRIMARY KEY registered_model_pk,
    ADD CONSTRAINT registered_model_pk PRIMARY KEY (workspace, name);
ALTER TABLE model_versions
    ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
    DROP FOREIGN KEYS TO registered_models,
    DROP PRIMARY KEY model_version_pk,
    ADD CONSTRAINT model_version_pk PRIMARY KEY (workspace, name, version),
    ADD CONSTRAINT fk_model_versions_registered_models FOREIGN KEY (workspace, name)
        REFERENCES registered_models (workspace, name) ON UPDATE CASCADE;
ALTER TABLE registered_model_tags
    ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
    DROP FOREIGN KEYS TO registered_models,
    DROP PRIMARY KEY registered_model_tag_pk,
    ADD CONSTRAINT registered_model_tag_pk PRIMARY KEY (workspace, "key", name),
    ADD CONSTRAINT fk_registered_model_tags_registered_models FOREIGN KEY (workspace, name)
        REFERENCES registered_models (workspace, name) ON UPDATE CASCADE;
ALTER TABLE model_version_tags
    ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
    DROP FOREIGN KEYS TO model_versions,
    DROP PRIMARY KEY model_version_tag_pk,
    ADD CONSTRAINT model_version_tag_pk PRIMARY KEY (workspace, "key", name, version),
    ADD CONSTRAINT fk_model_version_tags_model_versions FOREIGN KEY (workspace, name, version)
        REFERENCES model_versions (workspace, name, version) ON UPDATE CASCADE;
ALTER TABLE registered_model_aliases
    ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
    DROP FOREIGN KEYS TO registered_models,
    DROP PRIMARY KEY registered_model_alias_pk,
    ADD CONSTRAINT registered_model_alias_pk PRIMARY KEY (workspace, name, alias),
    ADD CONSTRAINT fk_registered_model_aliases_registered_models FOREIGN KEY (workspace, name)
        REFERENCES registered_models (workspace, name) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE evaluation_datasets ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL;
ALTER TABLE webhooks ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL;
ALTER TABLE secrets
    DROP UNIQUE (secret_name),
    ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
    ADD CONSTRAINT uq_secrets_workspace_secret_name UNIQUE (workspace, secret_name);
ALTER TABLE endpoints
    DROP UNIQUE (name),
    ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
    ADD CONSTRAINT uq_endpoints_workspace_name UNIQUE (workspace, name);
ALTER TABLE model_definitions
    DROP UNIQUE (name),
    ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
    ADD CONSTRAINT uq_model_definitions_workspace_name UNIQUE (workspace, name);
ALTER TABLE jobs DROP INDEX index_jobs_name_status_creation_time;
ALTER TABLE jobs ADD COLUMN workspace VARCHAR(63) DEFAULT 'default' NOT NULL;
CREATE INDEX index_jobs_name_status_creation_time
    ON jobs (job_name, workspace, status, creation_time);
CREATE INDEX idx_experiments_workspace ON experiments (workspace);
CREATE INDEX idx_registered_models_workspace ON registered_models (workspace);
CREATE INDEX idx_experiments_workspace_creation_time ON experiments (workspace, creation_time);
CREATE INDEX idx_evaluation_datasets_workspace ON evaluation_datasets (workspace);
CREATE INDEX idx_webhooks_workspace ON webhooks (workspace);
CREATE INDEX idx_secrets_workspace ON secrets (workspace);
CREATE INDEX idx_endpoints_workspace ON endpoints (workspace);
CREATE INDEX idx_model_definitions_workspace ON model_definitions (workspace);
CREATE TABLE workspaces (
    name VARCHAR(63) NOT NULL,
    description TEXT,
    default_artifact_root TEXT,
    CONSTRAINT workspaces_pk PRIMARY KEY (name)
);
INSERT INTO workspaces (name, description) VALUES ('default', 'Default workspace for legacy resources');
