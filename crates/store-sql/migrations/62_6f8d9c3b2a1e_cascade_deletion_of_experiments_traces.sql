ALTER TABLE trace_info
    DROP CONSTRAINT fk_trace_info_experiment_id,
    ADD CONSTRAINT fk_trace_info_experiment_id FOREIGN KEY (experiment_id)
        REFERENCES experiments (experiment_id) ON DELETE CASCADE;
