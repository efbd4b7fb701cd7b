import { describe, expect, test } from "vitest";
import type { RunResult } from "../../src/engine/run-result.ts";
import { dag } from "../../src/index.ts";
import type { TaskInstanceRow } from "../../src/store/contract.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { type Fault, type FaultPlan, faultyStore } from "../faulty-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine, statesOf } from "../test-engine.ts";
import { type Calls, richDags, richEnd } from "./rich-dag.ts";

/** One run of the rich DAG over a store with faults, and what the store holds afterwards. */
async function runWith(plan: FaultPlan) {
  const calls: Calls = new Map();
  const clock = new ManualClock();
  const { parent, child } = richDags(calls, () => clock.now());
  const database = memoryDatabase();
  const faulty = faultyStore(memoryStore({ database }));
  await using opened = await openEngine({ dags: [parent, child], store: faulty.store, clock });
  const openedWith = faulty.commits;
  faulty.plan = {
    ...plan,
    commit: plan.commit && ((call, changes) => plan.commit?.(call - openedWith, changes) ?? "none"),
  };
  const result: RunResult = await opened.run(parent, { runId: "r1" });
  faulty.plan = {};
  const reader = memoryStore({ database });
  await reader.open("reader");
  const stored = await reader.runs.find("parent", "r1");
  const tasks = await reader.tasks.ofRun(stored?.runNo ?? 0);
  const events = await reader.events.list({ limit: 10_000 });
  return {
    result,
    stored,
    tasks,
    events,
    calls,
    commits: faulty.commits - openedWith,
    reads: faulty.reads,
    output: await result.xcom("end"),
  };
}

const clean = await runWith({});

describe("without faults", () => {
  test("the rich DAG ends as expected", () => {
    expect(statesOf(clean.result)).toEqual(richEnd);
    expect(clean.commits).toBeGreaterThan(15);
  });
});

for (const fault of ["refused", "answer lost"] as const satisfies readonly Fault[]) {
  describe(`one commit is ${fault}`, () => {
    test.for(Array.from({ length: clean.commits }, (_, n) => n + 1))("commit %i", async (n) => {
      const ended = await runWith({ commit: (call) => (call === n ? fault : "none") });
      expect(statesOf(ended.result)).toEqual(richEnd);
      expect(ended.output).toEqual(clean.output);
      expectWhole(ended);
      // No attempt is made again, and none is counted that was not made.
      expect(ended.calls).toEqual(clean.calls);
      expect(attemptsOf(ended.tasks)).toEqual(attemptsOf(clean.tasks));
    });
  });
}

test("a run that ends as soon as it is rebuilt costs no more with each commit that fails", async () => {
  const held = dag("held", {}, (d) => {
    d.task("t", ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)));
  });
  const faulty = faultyStore(memoryStore());
  await using opened = await openEngine({ dags: [held], store: faulty.store, storePatience: "10m" });
  const { engine, clock } = opened;
  await clock.drive(engine.trigger(held, { runId: "r" }));
  await clock.settle();
  const before = faulty.commits;
  let mostChanges = 0;
  faulty.plan = {
    commit(call, changes) {
      mostChanges = Math.max(mostChanges, changes.length);
      return call === before + 1 ? "answer lost" : call < before + 40 ? "refused" : "none";
    },
  };
  await clock.drive(engine.mark("held", "r", "skipped"));
  await clock.advance("10m");
  expect((await engine.runs())[0]?.state).toBe("success");
  expect(mostChanges).toBeLessThan(5);
});

function attemptsOf(tasks: readonly TaskInstanceRow[]): Record<string, number> {
  return Object.fromEntries(tasks.map(({ taskId, mapIndex, attempt }) => [`${taskId}[${mapIndex}]`, attempt]));
}

/** The store tells one story: every instance ended once, each success recorded once, nothing left over. */
function expectWhole({ stored, tasks, events, result }: Awaited<ReturnType<typeof runWith>>): void {
  expect(stored?.state).toBe(result.state);
  expect(tasks.filter(({ state }) => !["success", "failed", "skipped", "upstream_failed"].includes(state))).toEqual([]);
  for (const { taskInstanceNo, state } of tasks) {
    const ends = events.filter(
      (event) =>
        event.taskInstanceNo === taskInstanceNo &&
        /\.(success|failed|skipped|upstream_failed|cancelled|removed)$/.test(event.kind),
    );
    expect(ends.map(({ kind }) => kind)).toEqual([`task.${state}`]);
  }
  expect(events.map(({ seq }) => seq)).toEqual([...events.keys()].map((place) => (events[0]?.seq ?? 1) + place));
}
