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
