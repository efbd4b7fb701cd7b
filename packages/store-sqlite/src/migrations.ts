// Made from src/migrations/*.sql by `npm run migrations`; change those.

/** One step from a version of the schema to the next. */
export interface Migration {
  readonly version: number;
  readonly file: string;
  readonly sql: string;
}

export const migrations: readonly Migration[] = [
  {
    version: 1,
    file: "0001-initial.sql",
    sql: `
-- Rows are known by integers that the writer counts up itself, so that a group of changes knows them without asking.
-- Instants are milliseconds since the epoch. References are declared for people and for the check;
-- the one writer guards them itself, because looking each of them up again would slow every change.

CREATE TABLE dags (
  dag_no INTEGER PRIMARY KEY,
  dag_id TEXT NOT NULL UNIQUE,
  version_no INTEGER NOT NULL REFERENCES dag_versions (version_no),
  paused INTEGER NOT NULL,
  start_date INTEGER,
  registered_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE dag_versions (
  version_no INTEGER PRIMARY KEY,
  dag_no INTEGER NOT NULL REFERENCES dags (dag_no),
  fingerprint TEXT NOT NULL,
  snapshot TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (dag_no, fingerprint)
) STRICT;

-- The tasks of a version; a run gets one task instance for each.
CREATE TABLE tasks (
  version_no INTEGER NOT NULL REFERENCES dag_versions (version_no),
  task_no INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  PRIMARY KEY (version_no, task_no),
  UNIQUE (version_no, task_id)
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
  conf TEXT,
  UNIQUE (dag_no, run_id)
) STRICT;

CREATE UNIQUE INDEX runs_own_date ON runs (dag_no, logical_date) WHERE type IN ('scheduled', 'backfill');
CREATE UNIQUE INDEX runs_idempotency_key ON runs (dag_no, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX runs_by_date ON runs (dag_no, logical_date);
CREATE INDEX runs_of_dag ON runs (dag_no);
CREATE INDEX runs_active ON runs (run_no) WHERE state IN ('queued', 'running');

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
  reason TEXT,
  UNIQUE (run_no, task_no, map_index)
) STRICT;

CREATE TABLE xcoms (
  task_instance_no INTEGER NOT NULL REFERENCES task_instances (task_instance_no),
  key TEXT NOT NULL,
  format TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  stored TEXT NOT NULL,
  PRIMARY KEY (task_instance_no, key)
) STRICT, WITHOUT ROWID;

-- Pieces of streamed XComs.
CREATE TABLE chunks (
  stream_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE (stream_id, seq)
) STRICT;

-- What happened, in order; written in the transaction in which it happened.
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

-- The first and the last event of a run: an index that is written when a run begins and ends, not with each event.
-- No last one means that the run goes on.
CREATE TABLE run_events (
  run_no INTEGER PRIMARY KEY,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER
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

CREATE INDEX logs_of_task ON logs (task_instance_no);

CREATE TABLE pools (
  pool TEXT PRIMARY KEY,
  slots INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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
`,
  },
  {
    version: 2,
    file: "0002-operations.sql",
    sql: `
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
`,
  },
  {
    version: 3,
    file: "0003-envelopes.sql",
    sql: `
-- XComs that a part of a backend has touched, for walking them all however many plain ones lie between.
CREATE INDEX xcoms_envelopes ON xcoms (task_instance_no, key) WHERE format = 'envelope';
`,
  },
  {
    version: 4,
    file: "0004-time.sql",
    sql: `
-- Data interval of the newest scheduled run; kept when that run is removed.
ALTER TABLE dags ADD COLUMN scheduled_start INTEGER;
ALTER TABLE dags ADD COLUMN scheduled_end INTEGER;

-- The backfill that a run belongs to, which may be removed since.
ALTER TABLE runs ADD COLUMN backfill_no INTEGER;

-- Few are made, and their numbers are kept by runs when they are gone, so the file counts them.
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

CREATE INDEX backfills_of_dag ON backfills (dag_no);
CREATE INDEX backfills_ended ON backfills (ended_at) WHERE ended_at IS NOT NULL;

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

-- For finding the dates that two backfills share.
CREATE INDEX backfill_items_by_date ON backfill_items (backfill_no, logical_date) WHERE action <> 'skip';

-- Runs of a DAG by their end, for finding those that are too old or too many.
CREATE INDEX runs_ended ON runs (dag_no, ended_at) WHERE ended_at IS NOT NULL;

-- A run that runs again, maybe years later, has events in more than one place.
CREATE TABLE run_spans (
  run_no INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  -- None: the run goes on.
  last_seq INTEGER,
  PRIMARY KEY (run_no, first_seq)
) STRICT, WITHOUT ROWID;

INSERT INTO run_spans SELECT run_no, first_seq, last_seq FROM run_events ORDER BY run_no;
DROP TABLE run_events;
`,
  },
];
