ALTER TABLE metrics
    ALTER COLUMN value TYPE DOUBLE NOT NULL,
    ADD COLUMN is_nan BOOLEAN DEFAULT '0' NOT NULL,
    DROP PRIMARY KEY metric_pk,
    ADD CONSTRAINT metric_pk PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan);
