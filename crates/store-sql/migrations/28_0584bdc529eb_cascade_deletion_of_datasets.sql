-- The old key has no name on SQLite and another one on each server.
ALTER TABLE datasets
    DROP FOREIGN KEYS TO experiments,
    ADD CONSTRAINT fk_datasets_experiment_id_experiments FOREIGN KEY (experiment_id)
        REFERENCES experiments (experiment_id) ON DELETE CASCADE;
