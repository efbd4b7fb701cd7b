import { join } from "node:path";
import type { TaskInstanceRow } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import { alter, noon, scratchFolder, storeAt, traceOf } from "../test/scratch.ts";
import { check } from "./check.ts";
import { applicationId, connectWriter } from "./database-file.ts";
import { migrate, migrations } from "./index.ts";

/** What has come since. */
const applied = ["0002-operations.sql", "0003-envelopes.sql", "0004-time.sql"];

/** A database as the first schema had it, with a run that was going on when its engine ended. */
function firstSchema(path: string): void {
  const db = connectWriter(path);
  db.exec(migrations[0]?.sql ?? "");
  db.exec(`
    PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1;
    INSERT INTO settings VALUES ('store.epoch', '4', 0), ('colour', 'blue', 0);
    INSERT INTO dags VALUES (1, 'sales', 1, 0, NULL, 5, 6);
    INSERT INTO dag_versions VALUES (1, 1, 'print', '{}', 7);
    INSERT INTO tasks VALUES (1, 0, 'extract'), (1, 1, 'clean');
    INSERT INTO runs (run_no, run_id, dag_no, version_no, type, state, logical_date, interval_start, interval_end, created_at)
      VALUES (1, 'r1', 1, 1, 'manual', 'success', 1, 1, 1, 8), (2, 'r2', 1, 1, 'manual', 'running', 2, 2, 2, 9);
    INSERT INTO task_instances (task_instance_no, run_no, task_no, map_index, state, attempt, token, started_at, error, reason)
      VALUES (1, 1, 0, -1, 'success', 2, 11, 10, '{"name":"E","message":"m"}', 'why'), (2, 1, 1, -1, 'skipped', 0, 0, NULL, NULL, NULL),
             (3, 2, 0, -1, 'running', 1, 41, 12, NULL, NULL), (4, 2, 1, -1, 'scheduled', 0, 0, NULL, NULL, NULL);
    INSERT INTO xcoms VALUES (1, 'e', 'envelope', 9, 11, '{}'), (1, 'k', 'json', 1, 11, '7');
    INSERT INTO events (seq, at, kind, run_no, dag_id) VALUES (1, 7, 'dag.registered', NULL, 'sales'), (2, 8, 'run.created', 1, NULL),
      (3, 8, 'run.success', 1, NULL), (4, 9, 'run.created', 2, NULL);
    INSERT INTO run_events VALUES (1, 2, 3), (2, 4, NULL);
    INSERT INTO logs VALUES (1, 1, 1, 10, 'info', 'hello', NULL);
  `);
  db.close();
}

test("a database of the first schema is brought up to date by the next engine, with every row in it", async () => {
  const path = join(scratchFolder(), "millrace.db");
  firstSchema(path);
  const store = storeAt(path);
  expect(await store.open("engine")).toEqual({ epoch: 5 });
  expect((await check({ path })).schema).toEqual({ found: 4, known: 4 });
  expect(await store.settings.get("colour")).toBe("blue");
  expect(await store.dags.get("sales")).toMatchObject({ scheduledStart: null, scheduledEnd: null });
  expect(await store.dags.version(1)).toMatchObject({ dagId: "sales", fingerprint: "print", bundle: null });
  const none = { endedAt: null, wakeAt: null, awaits: null, crashes: 0, uncounted: 0, mapIndex: -1 };
  expect(await store.runs.list({})).toMatchObject([{ backfillNo: null }, { backfillNo: null }]);
  expect(await store.backfills.list({})).toEqual([]);
  const rows: TaskInstanceRow[] = [
    {
      ...{
        ...none,
        taskInstanceNo: 1,
        runNo: 1,
        taskNo: 0,
        taskId: "extract",
        state: "success",
        attempt: 2,
        token: 11,
      },
      ...{ startedAt: 10, error: '{"name":"E","message":"m"}', reason: "why" },
    },
    {
      ...{ ...none, taskInstanceNo: 2, runNo: 1, taskNo: 1, taskId: "clean", state: "skipped", attempt: 0, token: 0 },
      ...{ startedAt: null, error: null, reason: null },
    },
  ];
  expect(await store.tasks.ofRun(1)).toEqual(rows);
  expect(await store.xcoms.ofRun(1)).toMatchObject([{ key: "e" }, { key: "k", stored: "7" }]);
  expect(await store.xcoms.page({ limit: 9, format: "envelope" })).toMatchObject([{ key: "e", stored: "{}" }]);
  expect((await store.events.list({ runNo: 1 })).map(({ kind }) => kind)).toEqual(["run.created", "run.success"]);
  expect((await store.events.list({ runNo: 2 })).map(({ kind }) => kind)).toEqual(["run.created"]);
  expect(await store.events.last()).toBe(4);
  expect(await store.logs.list({ taskInstanceNo: 1 })).toMatchObject([{ message: "hello" }]);
  expect((await store.runs.active()).map(({ runId }) => runId)).toEqual(["r2"]);
  expect(await store.tasks.running()).toMatchObject([{ taskInstanceNo: 3, token: 41 }]);

  // What the next schema is for works on the rows of the one before.
  const at = noon;
  const reads = [{ taskInstanceNo: 1, key: "k", sizeBytes: 1 }];
  const brought = { error: null, wakeAt: null, awaits: null, replacesXComs: true, xcoms: [], deletes: [], reads };
  const outcomes = await store.commit([
    { kind: "returnTask", taskInstanceNo: 3, runNo: 2, token: 41, attempt: 1, why: "lost", reason: "gone", at },
    { kind: "startTask", taskInstanceNo: 3, runNo: 2, from: ["scheduled"], token: 51, attempt: 2, at },
    {
      kind: "finishTask",
      taskInstanceNo: 3,
      runNo: 2,
      token: 51,
      attempt: 2,
      state: "success",
      ...brought,
      performance: null,
      at,
    },
    { kind: "updateRun", runNo: 1, from: ["success"], to: "queued", note: null, at },
    { kind: "clearTask", taskInstanceNo: 1, runNo: 1, from: ["success"], reason: null, at },
    { kind: "fileRequest", requestId: "a", operation: "pause", payload: "{}", at },
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["done", "done", "done", "done", "done", "filed"]);
  expect(await store.tasks.get(3)).toMatchObject({ state: "success", crashes: 1, uncounted: 1 });
  expect(await store.xcoms.readsOfRun(2)).toMatchObject([{ taskId: "extract", sourceNo: 1, sourceRunId: "r1" }]);
  expect((await store.events.list({ runNo: 1 })).map(({ kind }) => kind)).toEqual([
    ...["run.created", "run.success", "run.queued", "task.cleared"],
  ]);
  await store.close();
  expect((await check({ path })).problems).toEqual([]);
});

test("readers and clients leave a database of the first schema as it is, and say what to do", async () => {
  const path = join(scratchFolder(), "millrace.db");
  firstSchema(path);
  const before = traceOf(path);
  for (const mode of ["reader", "client"] as const) {
    await expect(storeAt(path).open(mode)).rejects.toMatchObject({
      code: "SQLITE_SCHEMA_OLD",
      message: expect.stringMatching(/schema 1.*schema 4/),
      cure: expect.stringContaining("millrace db migrate"),
    });
  }
  expect(traceOf(path)).toEqual(before);
  expect(await migrate({ path })).toEqual({ location: path, from: 1, to: 4, applied });
  const reader = storeAt(path);
  await reader.open("reader");
  expect(await reader.tasks.ofRun(2)).toMatchObject([{ state: "running", crashes: 0 }, { state: "scheduled" }]);
});

test("a migration that fails leaves the schema before, and the next one does all of it", async () => {
  const path = join(scratchFolder(), "millrace.db");
  firstSchema(path);
  const full = storeAt(path, {
    onConnect: (db) => {
      const pages = Number(db.prepare("PRAGMA page_count").get()?.page_count);
      // Room for some of the new tables, not for all of them.
      db.exec(`PRAGMA max_page_count = ${pages + 2}`);
    },
  });
  await expect(full.open("engine")).rejects.toMatchObject({ code: "STORE_FULL" });
  await full.close();
  const found = await check({ path });
  expect([found.schema.found, found.problems]).toEqual([1, []]);
  expect((await migrate({ path })).applied).toEqual(applied);
  expect((await check({ path })).problems).toEqual([]);
});

test("what belongs to a task instance that is not there is found by the check", async () => {
  const path = join(scratchFolder(), "millrace.db");
  firstSchema(path);
  await migrate({ path });
  alter(
    path,
    `INSERT INTO xcom_reads VALUES (3, 999, 'k', 1), (98, 1, 'k', 1);
     INSERT INTO attempt_performance VALUES (97, 1, 'thread', 1, 1, 1, 1, 1, 1)`,
  );
  // A source that is gone is no damage.
  expect((await check({ path })).problems.map(({ message }) => message.replace(path, "the file")).sort()).toEqual([
    expect.stringContaining("of attempt_performance refers to a row of task_instances that is not there"),
    expect.stringContaining("of xcom_reads refers to a row of task_instances that is not there"),
  ]);
});
