-- Data interval of the newest scheduled run; kept when that run is removed.
ALTER TABLE dags ADD COLUMN scheduled_start INTEGER;
ALTER TABLE dags ADD COLUMN scheduled_end INTEGER;
