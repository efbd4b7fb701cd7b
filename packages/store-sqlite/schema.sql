-- Schema 4, as all migrations together make it.

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

CREATE TABLE backfill_items (
  backfill_no INTEGER NOT NULL REFERENCES backfills (backfill_no),
  item_no INTEGER NOT NULL,
  logical_date INTEGER NOT NULL,
  interval_start INTEGER NOT NULL,
  interval_end INTEGER NOT NULL,
  action TEXT NOT NULL,
  -- The run may be removed since.
  run_no INTEGER,
  reason TEXT,
  params TEXT,
  conf TEXT,
  PRIMARY KEY (backfill_no, item_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE backfills (
  backfill_no INTEGER PRIMARY KEY AUTOINCREMENT,
  backfill_id TEXT NOT NULL UNIQUE,
  dag_no INTEGER NOT NULL REFERENCES dags (dag_no),
  state TEXT NOT NULL DEFAULT 'preparing',
  max_active INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  -- Counters: of items, then of the runs that they have got.
  total INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  started INTEGER NOT NULL DEFAULT 0,
  active INTEGER NOT NULL DEFAULT 0,
  success INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0,
  -- The first item that has no run and is not to be skipped.
  next_item INTEGER NOT NULL DEFAULT 0,
  note TEXT,
  spec TEXT NOT NULL
) STRICT;

CREATE TABLE chunks (
  stream_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE (stream_id, seq)
) STRICT;

CREATE TABLE dag_versions (
  version_no INTEGER PRIMARY KEY,
  dag_no INTEGER NOT NULL REFERENCES dags (dag_no),
  fingerprint TEXT NOT NULL,
  snapshot TEXT NOT NULL,
  created_at INTEGER NOT NULL, bundle TEXT,
  UNIQUE (dag_no, fingerprint)
) STRICT;

CREATE TABLE dags (
  dag_no INTEGER PRIMARY KEY,
  dag_id TEXT NOT NULL UNIQUE,
  version_no INTEGER NOT NULL REFERENCES dag_versions (version_no),
  paused INTEGER NOT NULL,
  start_date INTEGER,
  registered_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL
, scheduled_start INTEGER, scheduled_end INTEGER) STRICT;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  run_no INTEGER,
  task_instance_no INTEGER,
  attempt INTEGER,
  -- Only where the run does not tell it.
  dag_id TEXT,
  data TEXT
) STRICT;

CREATE TABLE logs (
  log_no INTEGER PRIMARY KEY,
  task_instance_no INTEGER NOT NULL REFERENCES task_instances (task_instance_no),
  attempt INTEGER NOT NULL,
  at INTEGER NOT NULL,
  level TEXT NOT NULL,
  message TEXT NOT NULL,
  fields TEXT
) STRICT;

CREATE TABLE pools (
  pool TEXT PRIMARY KEY,
  slots INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
  request_no INTEGER PRIMARY KEY AUTOINCREMENT,
  request_id TEXT NOT NULL UNIQUE,
  operation TEXT NOT NULL,
  payload TEXT NOT NULL,
  filed_at INTEGER NOT NULL,
  answered_at INTEGER,
  answer TEXT
) STRICT;

CREATE TABLE run_spans (
  run_no INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  -- None: the run goes on.
  last_seq INTEGER,
  PRIMARY KEY (run_no, first_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  run_no INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  dag_no INTEGER NOT NULL REFERENCES dags (dag_no),
  version_no INTEGER NOT NULL REFERENCES dag_versions (version_no),
  type TEXT NOT NULL,
  state TEXT NOT NULL,
  logical_date INTEGER NOT NULL,
  interval_start INTEGER NOT NULL,
  interval_end INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  idempotency_key TEXT,
  note TEXT,
  params TEXT,
  conf TEXT, backfill_no INTEGER,
  UNIQUE (dag_no, run_id)
) STRICT;

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE state (
  namespace TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (namespace, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_instances (
  task_instance_no INTEGER PRIMARY KEY,
  run_no INTEGER NOT NULL REFERENCES runs (run_no),
  task_no INTEGER NOT NULL,
  map_index INTEGER NOT NULL DEFAULT -1,
  state TEXT NOT NULL DEFAULT 'scheduled',
  attempt INTEGER NOT NULL DEFAULT 0,
  token INTEGER NOT NULL DEFAULT 0,
  started_at INTEGER,
  ended_at INTEGER,
  wake_at INTEGER,
  awaits TEXT,
  error TEXT,
  reason TEXT, crashes INTEGER NOT NULL DEFAULT 0, uncounted INTEGER NOT NULL DEFAULT 0,
  UNIQUE (run_no, task_no, map_index)
) STRICT;

CREATE TABLE tasks (
  version_no INTEGER NOT NULL REFERENCES dag_versions (version_no),
  task_no INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  PRIMARY KEY (version_no, task_no),
  UNIQUE (version_no, task_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE xcom_reads (
  task_instance_no INTEGER NOT NULL REFERENCES task_instances (task_instance_no),
  source_no INTEGER NOT NULL,
  key TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (task_instance_no, source_no, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE xcoms (
  task_instance_no INTEGER NOT NULL REFERENCES task_instances (task_instance_no),
  key TEXT NOT NULL,
  format TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  stored TEXT NOT NULL,
  PRIMARY KEY (task_instance_no, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX backfill_items_by_date ON backfill_items (backfill_no, logical_date) WHERE action <> 'skip';

CREATE INDEX backfills_ended ON backfills (ended_at) WHERE ended_at IS NOT NULL;

CREATE INDEX backfills_of_dag ON backfills (dag_no);

CREATE INDEX logs_of_task ON logs (task_instance_no);

CREATE INDEX requests_answered ON requests (answered_at) WHERE answered_at IS NOT NULL;

CREATE INDEX requests_pending ON requests (request_no) WHERE answered_at IS NULL;

CREATE INDEX runs_active ON runs (run_no) WHERE state IN ('queued', 'running');

CREATE INDEX runs_by_date ON runs (dag_no, logical_date);

CREATE INDEX runs_ended ON runs (dag_no, ended_at) WHERE ended_at IS NOT NULL;

CREATE UNIQUE INDEX runs_idempotency_key ON runs (dag_no, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE INDEX runs_of_dag ON runs (dag_no);

CREATE UNIQUE INDEX runs_own_date ON runs (dag_no, logical_date) WHERE type IN ('scheduled', 'backfill');

CREATE INDEX xcoms_envelopes ON xcoms (task_instance_no, key) WHERE format = 'envelope';
