import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../test/scratch.ts";
import { GroupWriter } from "./changes/group-writer.ts";
import { connectWriter } from "./database-file.ts";
import { backfillFacet } from "./facets/backfills.ts";
import { chunkFacet } from "./facets/chunks.ts";
import { dagFacet } from "./facets/dags.ts";
import { eventFacet } from "./facets/events.ts";
import { logFacet } from "./facets/logs.ts";
import { poolFacet } from "./facets/pools.ts";
import type { Read } from "./facets/reading.ts";
import { requestFacet } from "./facets/requests.ts";
import { runFacet } from "./facets/runs.ts";
import { settingFacet } from "./facets/settings.ts";
import { stateFacet } from "./facets/state.ts";
import { taskFacet } from "./facets/tasks.ts";
import { xcomFacet } from "./facets/xcoms.ts";
import { applyMigrations } from "./migrate.ts";
import { Statements } from "./statements.ts";

/** What may be read from end to end: it is asked for as a whole, or read newest first and cut off by a limit. */
const mayScan = [
  /^SCAN d(ags)? USING INDEX/,
  /^SCAN pools$/,
  /^SCAN r$/,
  /^SCAN b$/,
  /^SCAN json_each/,
  /^SCAN element$/,
  /^SCAN r(uns)? USING INDEX runs_active$/,
  /^SCAN requests USING INDEX requests_pending$/,
  /^SCAN (\d+-ROW VALUES CLAUSE|CONSTANT ROW)$/,
];

test("a page of a walk begins where the one before ended, and one of envelopes passes over nothing else", async () => {
  const db = connectWriter(join(scratchFolder(), "plans.db"));
  applyMigrations(db, 0);
  const sql = new Statements(db);
  const read: Read = async (query) => query(sql);
  await xcomFacet(read).page({ limit: 1 });
  await xcomFacet(read).page({ limit: 1, format: "envelope" });
  await chunkFacet(read).streams({ limit: 1 });
  const outermost = sql.texts().map((text) => String(db.prepare(`EXPLAIN QUERY PLAN ${text}`).get()?.detail));
  expect(outermost).toEqual([
    "SEARCH x USING PRIMARY KEY ((task_instance_no,key)>(?,?))",
    "SEARCH x USING INDEX xcoms_envelopes ((task_instance_no,key)>(?,?))",
    "SEARCH chunks USING INDEX sqlite_autoindex_chunks_1 (stream_id>?)",
  ]);
  db.close();
});

test("no statement reads a table from end to end, or sorts, without need", async () => {
  const db = connectWriter(join(scratchFolder(), "plans.db"));
  applyMigrations(db, 0);
  const sql = new Statements(db);
  const writer = new GroupWriter(db, sql);
  const at = 1;
  const task = { taskInstanceNo: 1, runNo: 1, at };
  writer.write(
    [
      { kind: "startTask", ...task, from: ["scheduled"], token: 1, attempt: 1 },
      { kind: "setTask", ...task, from: ["scheduled"], to: "skipped", reason: null },
      { kind: "clearTask", ...task, from: ["failed"], reason: null },
      { kind: "updateRun", runNo: 1, from: ["queued"], to: "running", note: null, at },
    ],
    "normal",
  );
  const read: Read = async (query) => query(sql);
  await dagFacet(read).list();
  await dagFacet(read).get("d");
  await dagFacet(read).version(1);
  const runs = runFacet(read);
  await runs.get(1);
  await runs.find("d", "r");
  await runs.active();
  await runs.list({ limit: 1 });
  await runs.list({ dagId: "d", states: ["failed"], type: "manual", before: 9 });
  const before = { dagNo: 1, logicalDate: 1, runNo: 1 };
  for (const scheduledOnly of [true, false]) {
    await runs.previous({ ...before, scheduledOnly });
    await runs.previous({ ...before, scheduledOnly, state: "success" });
  }
  await runs.ofDates({ dagNo: 1, from: 1, to: 2 });
  db.exec(
    "INSERT INTO runs (run_no, run_id, dag_no, version_no, type, state, logical_date, interval_start, interval_end, created_at, ended_at) VALUES (9, 'r9', 1, 1, 'scheduled', 'failed', 1, 1, 1, 1, 1)",
  );
  await runs.expired({ dagNo: 1, endedBefore: 5, keep: 0, limit: 5 });
  const backfills = backfillFacet(read);
  await backfills.get(1);
  await backfills.find("b");
  await backfills.list({ limit: 1 });
  await backfills.list({ dagId: "d", states: ["running"], before: 9 });
  await backfills.items({ backfillNo: 1 });
  await backfills.items({ backfillNo: 1, after: 3, states: ["failed", "pending", "skipped"] });
  await taskFacet(read).ofRun(1);
  await taskFacet(read).get(1);
  await taskFacet(read).find({ runNo: 1, taskId: "t", mapIndex: 0 });
  await taskFacet(read).running();
  await taskFacet(read).performanceOfRun(1);
  const xcoms = xcomFacet(read);
  await xcoms.get({ taskInstanceNo: 1, key: "k" });
  await xcoms.ofRun(1);
  await xcoms.ofTask(1);
  await xcoms.readsOfRun(1);
  await xcoms.page({ limit: 1 });
  await xcoms.page({ after: { taskInstanceNo: 1, key: "k" }, limit: 1, format: "envelope" });
  await xcoms.prior({ dagNo: 1, taskId: "t", mapIndex: -1, key: "k", logicalDate: 1, runNo: 1 });
  await eventFacet(read).list({});
  await eventFacet(read).last();
  await eventFacet(read).lastBefore(1);
  db.exec("INSERT INTO run_spans VALUES (1, 1, 1)");
  await eventFacet(read).list({ runNo: 1 });
  await logFacet(read).list({ taskInstanceNo: 1 });
  await logFacet(read).lastBefore(1);
  await logFacet(read).list({ taskInstanceNo: 1, attempt: 1 });
  await chunkFacet(read).get("s", 0);
  await chunkFacet(read).streams({ limit: 1 });
  await poolFacet(read).list();
  await settingFacet(read).get("k");
  await stateFacet(read).get("n", "k");
  await stateFacet(read).list("n");
  await requestFacet(read).get(1);
  await requestFacet(read).pending();

  const faults: string[] = [];
  for (const text of sql.texts()) {
    if (/^(BEGIN|COMMIT|ROLLBACK)/.test(text)) continue;
    for (const { detail } of db.prepare(`EXPLAIN QUERY PLAN ${text}`).all()) {
      const step = String(detail);
      const isScan = step.startsWith("SCAN") && !mayScan.some((allowed) => allowed.test(step));
      if (isScan || step.includes("TEMP B-TREE") || step.includes("AUTOMATIC"))
        faults.push(`${step}: ${text.replace(/\s+/g, " ")}`);
    }
  }
  db.close();
  expect(faults).toEqual([]);
  expect(sql.texts().length).toBeGreaterThan(75);
});
