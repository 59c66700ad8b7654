-- Runs that have no such tag yet get their user as a tag.
INSERT INTO tags ("key", value, run_uuid)
SELECT 'mlflow.user', runs.user_id, runs.run_uuid FROM runs
WHERE runs.user_id <> '' AND NOT EXISTS (
    SELECT 1 FROM tags WHERE tags.run_uuid = runs.run_uuid AND tags."key" = 'mlflow.user'
);
