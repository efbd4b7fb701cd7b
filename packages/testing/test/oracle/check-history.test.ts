import { type Dag, dag } from "@millrace/core";
import {
  awaitEvent,
  type EventRow,
  memoryDatabase,
  memoryStore,
  reschedule,
  type TaskInstanceRow,
} from "@millrace/core/plugin";
import { checkHistory, createTestEngine, type HistoryRule } from "@millrace/testing";
import { describe, expect, test } from "vitest";
import { problemsOf } from "../../src/oracle/check-history.ts";
import { type History, readHistory } from "../../src/oracle/history.ts";

const hold = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve()));

/** Two engines one after the other, the first of which dies, and people who clear, mark and retry. */
async function eventfulLife(): Promise<{ readonly history: History; readonly dags: readonly Dag[] }> {
  const database = memoryDatabase();
  let isFirst = true;
  const rich = dag("rich", { maxActiveRuns: 1, maxActiveTasks: 3 }, (d) => {
    const list = d.task("list", () => [1, 2, 3]);
    const each = d.map("each", { over: list, maxActive: 2 }, ({ element }) => element * 2);
    const flaky = d.task("flaky", { retries: { max: 2, delay: "1m", backoff: "fixed" } }, ({ attempt }) => {
      if (attempt === 1) throw new Error("not yet");
      return "done";
    });
    const patient = d.task("patient", { pool: "narrow" }, async ({ state }) => {
      if ((await state.get("seen")) !== undefined) return "seen";
      await state.set("seen", true);
      throw reschedule(Date.UTC(2026, 9, 22, 13));
    });
    const told = d.task("told", { pool: "narrow", maxActivePerDag: 1 }, async ({ state }) => {
      if ((await state.get("asked")) !== undefined) return;
      await state.set("asked", true);
      throw awaitEvent("go");
    });
    const lost = d.task("lost", { pool: "narrow" }, ({ signal }) => (isFirst ? hold(signal) : undefined));
    const failing = d.task("failing", () => {
      throw new Error("never");
    });
    d.task("behind", { input: failing }, () => undefined);
    d.task("last", { triggerRule: "all_done" }, () => "end").after(each, flaky, patient, told, lost);
  });
  const open = () => createTestEngine({ dags: [rich], store: memoryStore({ database }), pools: { narrow: 2 } });
  const first = await open();
  await first.trigger(rich, { runId: "one" });
  await first.trigger(rich, { runId: "two" });
  await first.advance("10s");
  database.crash();
  await first.close();
  isFirst = false;
  await using second = await open();
  const { engine, clock } = second;
  await clock.drive(engine.start());
  await clock.drive(engine.signal("go"));
  await second.advance("5h");
  await clock.drive(engine.clear("rich", "one", { tasks: ["list"] }));
  await second.advance("1h");
  await clock.drive(engine.mark("rich", "one", "success", { tasks: ["failing"] }));
  await second.advance("1h");
  await clock.drive(engine.retry("rich", "two"));
  await second.advance("1h");
  expect(await checkHistory(second.store, { dags: [rich] })).toEqual([]);
  return { history: await readHistory(second.store), dags: [rich] };
}

const { history, dags } = await eventfulLife();

/** Row of the instance of a run. */
function rowOf(runId: string, taskId: string, mapIndex = -1): TaskInstanceRow {
  for (const row of history.tasks.values())
    if (history.runs.get(row.runNo)?.runId === runId && row.taskId === taskId && row.mapIndex === mapIndex) return row;
  throw new Error(`no ${taskId} in ${runId}`);
}

/** Events of an instance, of these kinds. */
const eventsOf = ({ taskInstanceNo }: TaskInstanceRow, kind: string): EventRow[] =>
  history.events.filter((event) => event.taskInstanceNo === taskInstanceNo && event.kind === kind);

/** The events with some left out and others in their places, numbered anew. */
function retold(change: (event: EventRow) => readonly EventRow[]): History {
  const events = history.events.flatMap((event) => change(event)).map((event, place) => ({ ...event, seq: place + 1 }));
  return { ...history, events };
}

const without = (gone: EventRow | undefined): History => retold((event) => (event === gone ? [] : [event]));
const twice = (again: EventRow | undefined): History => retold((event) => (event === again ? [event, event] : [event]));
const instead = (old: EventRow | undefined, change: Partial<EventRow>): History =>
  retold((event) => (event === old ? [{ ...event, ...change }] : [event]));

function withTask(row: TaskInstanceRow, change: Partial<TaskInstanceRow>): History {
  return { ...history, tasks: new Map(history.tasks).set(row.taskInstanceNo, { ...row, ...change }) };
}

function withRun(runId: string, change: object): History {
  const [row] = [...history.runs.values()].filter((run) => run.runId === runId);
  if (!row) throw new Error(`no run ${runId}`);
  return { ...history, runs: new Map(history.runs).set(row.runNo, { ...row, ...change }) };
}

const last = rowOf("two", "last");
const flaky = rowOf("two", "flaky");
const lost = rowOf("one", "lost");
const runOne = [...history.runs.values()].find(({ runId }) => runId === "one");
const runEvent = (kind: string): EventRow | undefined =>
  history.events.find((event) => event.kind === kind && event.runNo === runOne?.runNo);

/** What an engine or a store could do wrong, and the rule that must say so. */
const faults: readonly (readonly [name: string, faulty: () => History, rule: HistoryRule])[] = [
  [
    "an event is missing in the middle",
    () => ({ ...history, events: history.events.toSpliced(20, 1) }),
    "event numbers",
  ],
  ["a success is recorded twice", () => twice(eventsOf(last, "task.success")[0]), "one result"],
  ["an attempt begins twice", () => twice(eventsOf(last, "task.running")[0]), "legal moves"],
  ["an attempt ends that never began", () => without(eventsOf(last, "task.running")[0]), "legal moves"],
  ["an attempt is left out", () => instead(eventsOf(flaky, "task.running")[1], { attempt: 3 }), "attempt numbers"],
  [
    "the result of a stale attempt is taken",
    () => instead(eventsOf(flaky, "task.success")[0], { attempt: 1 }),
    "legal moves",
  ],
  [
    "a task goes back by itself",
    () => instead(eventsOf(last, "task.success")[0], { kind: "task.queued" }),
    "legal moves",
  ],
  [
    "a task runs again without being cleared",
    () => without(eventsOf(rowOf("one", "list"), "task.cleared")[0]),
    "legal moves",
  ],
  ["a run ends twice", () => twice(runEvent("run.failed")), "legal moves"],
  ["an attempt begins in a run that has not", () => without(runEvent("run.running")), "legal moves"],
  ["a run is created twice", () => twice(runEvent("run.created")), "unique runs"],
  ["two runs have one id", () => withRun("two", { runId: "one" }), "unique runs"],
  [
    "two scheduled runs have one logical date",
    () => {
      const runs = [...history.runs.values()].map((run) => ({ ...run, type: "scheduled" as const, logicalDate: 7 }));
      return { ...history, runs: new Map(runs.map((run) => [run.runNo, run])) };
    },
    "unique runs",
  ],
  [
    "two runs have one idempotency key",
    () => {
      const runs = [...history.runs.values()].map((run) => ({ ...run, idempotencyKey: "key" }));
      return { ...history, runs: new Map(runs.map((run) => [run.runNo, run])) };
    },
    "unique runs",
  ],
  ["a pool is smaller than what is held", () => poolOf(1), "limits"],
  ["a lost success: the row says it is still to come", () => withTask(last, { state: "scheduled" }), "rows"],
  ["a row forgets an attempt", () => withTask(flaky, { attempt: 1 }), "rows"],
  ["a crash is not counted", () => withTask(lost, { crashes: 0 }), "rows"],
  ["a lost attempt counts against the retries", () => withTask(lost, { uncounted: 0 }), "rows"],
  ["a row has another end than its event", () => withTask(last, { endedAt: 5 }), "rows"],
  ["a run's row has another state", () => withRun("two", { state: "success" }), "rows"],
  ["an element of a mapping is gone", () => lacking(rowOf("two", "each", 2)), "rows"],
  ["a task instance is gone", () => lacking(last), "rows"],
  ["an XCom of an attempt that was refused is there", () => strayXCom(history, { createdAt: 3 }), "xcoms"],
  ["an XCom of a task that never succeeded is there", () => strayXCom(history, { ...rowOf("two", "behind") }), "xcoms"],
  ["a run never ends", () => withRun("one", { state: "running" }), "nothing stuck"],
  ["a task of an ended run never ends", () => withTask(last, { state: "running" }), "nothing stuck"],
  [
    "a request has no answer",
    () => {
      const request = { requestNo: 1, requestId: "r", operation: "signal", payload: "{}", filedAt: 1 };
      return { ...history, unanswered: [{ ...request, answeredAt: null, answer: null }] };
    },
    "nothing stuck",
  ],
];

function lacking({ taskInstanceNo }: TaskInstanceRow): History {
  const tasks = new Map(history.tasks);
  tasks.delete(taskInstanceNo);
  return { ...history, tasks };
}

function poolOf(slots: number): History {
  return retold((event) =>
    event.kind === "pool.set" && event.data?.includes("narrow")
      ? [{ ...event, data: JSON.stringify({ pool: "narrow", slots }) }]
      : [event],
  );
}

function strayXCom(from: History, change: object): History {
  const [runNo, rows] = [...from.xcoms].find(([, found]) => found.length > 0) ?? [];
  if (runNo === undefined || !rows?.[0]) throw new Error("there are no XComs");
  return { ...from, xcoms: new Map(from.xcoms).set(runNo, [{ ...rows[0], ...change }]) };
}

/** The same DAG as it would be with narrower limits, which the history then breaks. */
function narrower(options: { readonly maxActiveRuns?: number; readonly maxActiveTasks?: number }): History {
  const versions = [...history.versions.values()].map((version) => ({
    ...version,
    snapshot: JSON.stringify({ ...JSON.parse(version.snapshot), ...options }),
  }));
  return { ...history, versions: new Map(versions.map((version) => [version.versionNo, version])) };
}

describe("the history of an eventful life", () => {
  test("has something of everything in it", () => {
    const kinds = new Set(history.events.map(({ kind }) => kind));
    for (const state of [
      "up_for_retry",
      "up_for_reschedule",
      "waiting",
      "scheduled",
      "upstream_failed",
      "cleared",
      "collapsed",
    ])
      expect([...kinds]).toContain(`task.${state}`);
    expect(lost.crashes).toBe(1);
  });

  test("is clean", () => {
    expect(problemsOf(history, { dags })).toEqual([]);
  });

  test.for(faults)("%s: that is found", ([, faulty, rule]) => {
    expect(problemsOf(faulty(), { dags }).map((problem) => problem.rule)).toContain(rule);
  });

  test.for([
    ["tasks", { maxActiveTasks: 1 }],
    ["runs", { maxActiveRuns: 0 }],
  ] as const)("more %s at once than a DAG allows are found", ([, limit]) => {
    expect(problemsOf(narrower(limit), { dags }).map((problem) => problem.rule)).toContain("limits");
  });

  test("more instances of one task than its own limits allow are found", () => {
    const [rich] = dags as readonly [Dag];
    const tasks = rich.tasks.map((task) =>
      task.map ? { ...task, map: { ...task.map, maxActive: 1 } } : { ...task, maxActivePerDag: 0 },
    );
    const what = problemsOf(history, { dags: [{ ...rich, tasks }] }).map((problem) => problem.what);
    expect(what.join("\n")).toMatch(/maxActive of task 'each'/);
    expect(what.join("\n")).toMatch(/maxActivePerDag of task 'flaky'/);
  });

  test("what is still under way may be so when that is asked", () => {
    const halfway = { ...withRun("one", { state: "running" }), unanswered: [] };
    expect(problemsOf(halfway, { dags, isOver: false }).map((problem) => problem.rule)).not.toContain("nothing stuck");
  });
});
