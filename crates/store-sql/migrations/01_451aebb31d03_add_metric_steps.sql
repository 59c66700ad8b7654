ALTER TABLE metrics ADD COLUMN step BIGINT DEFAULT '0' NOT NULL;
ALTER TABLE metrics
    DROP PRIMARY KEY metric_pk,
    ADD CONSTRAINT metric_pk PRIMARY KEY ("key", timestamp, step, run_uuid, value);
