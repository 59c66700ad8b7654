ALTER TABLE jobs
    DROP INDEX index_jobs_function_status_creation_time,
    RENAME COLUMN function_fullname TO job_name;
-- MLflow's renaming forgets there that NULL is refused.
-- only: mysql
ALTER TABLE jobs ALTER COLUMN job_name TYPE VARCHAR(500) NULL;
CREATE INDEX index_jobs_name_status_creation_time ON jobs (job_name, status, creation_time);
