-- The code that a version was loaded from; none for a DAG defined in a host program.
ALTER TABLE dag_versions ADD COLUMN bundle TEXT;

-- Attempts that were lost with their process, and attempts that do not count against the retries.
ALTER TABLE task_instances ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task_instances ADD COLUMN uncounted INTEGER NOT NULL DEFAULT 0;

-- Which instance has read an XCom of which; the source may be gone.
CREATE TABLE xcom_reads (
  task_instance_no INTEGER NOT NULL REFERENCES task_instances (task_instance_no),
  source_no INTEGER NOT NULL,
  key TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (task_instance_no, source_no, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt_performance (
  task_instance_no INTEGER NOT NULL REFERENCES task_instances (task_instance_no),
  attempt INTEGER NOT NULL,
  scope TEXT NOT NULL,
  duration_us INTEGER NOT NULL,
  cpu_us INTEGER NOT NULL,
  memory_before_bytes INTEGER NOT NULL,
  memory_after_bytes INTEGER NOT NULL,
  memory_peak_bytes INTEGER NOT NULL,
  loop_delay_us INTEGER NOT NULL,
  PRIMARY KEY (task_instance_no, attempt)
) STRICT, WITHOUT ROWID;

-- What other processes ask the engine for. They write here themselves, so the numbers are counted by the file.
CREATE TABLE requests (
  request_no INTEGER PRIMARY KEY AUTOINCREMENT,
  request_id TEXT NOT NULL UNIQUE,
  operation TEXT NOT NULL,
  payload TEXT NOT NULL,
  filed_at INTEGER NOT NULL,
  answered_at INTEGER,
  answer TEXT
) STRICT;

CREATE INDEX requests_pending ON requests (request_no) WHERE answered_at IS NULL;
CREATE INDEX requests_answered ON requests (answered_at) WHERE answered_at IS NOT NULL;
