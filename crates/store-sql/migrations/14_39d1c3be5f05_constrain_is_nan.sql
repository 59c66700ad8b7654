-- PostgreSQL knows truth values.
-- only: sqlite, mysql
ALTER TABLE latest_metrics
    ALTER COLUMN is_nan TYPE BOOLEAN NOT NULL,
    ADD CHECK (is_nan IN (0, 1));
-- only: sqlite, mysql
ALTER TABLE metrics
    ALTER COLUMN is_nan TYPE BOOLEAN NOT NULL,
    ADD CHECK (is_nan IN (0, 1));
