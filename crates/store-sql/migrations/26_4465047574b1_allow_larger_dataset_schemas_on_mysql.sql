-- only: mysql
ALTER TABLE datasets ALTER COLUMN dataset_schema TYPE MEDIUMTEXT NULL;
