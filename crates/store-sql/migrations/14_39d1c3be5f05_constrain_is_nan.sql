ALTER TABLE latest_metrics
    ALTER COLUMN is_nan TYPE BOOLEAN NOT NULL,
    ADD CHECK (is_nan IN (0, 1));
ALTER TABLE metrics
    ALTER COLUMN is_nan TYPE BOOLEAN NOT NULL,
    ADD CHECK (is_nan IN (0, 1));
