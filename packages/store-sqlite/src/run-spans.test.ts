import { join } from "node:path";
import type { Change, EventRow, Outcome } from "@millrace/core/plugin";
import fc from "fast-check";
import { expect, test } from "vitest";
import { noon, scratchFolder, storeAt } from "../test/scratch.ts";
import { check } from "./check.ts";
import { connect } from "./database-file.ts";

const version = { fingerprint: "f", snapshot: "{}", bundle: null, taskIds: [], paused: false };
const registerDag = {
  kind: "registerDag",
  dagId: "d",
  ...version,
  startDate: null,
  startDateIsRelative: false,
  at: noon,
};
const states = ["queued", "running", "success", "failed"] as const;

/** A store with a DAG, and short ways to write. */
async function opened(path: string) {
  const store = storeAt(path);
  await store.open("engine");
  const [dag] = await store.commit([registerDag as Change]);
  const { dagNo, versionNo } = dag as Extract<Outcome, { status: "registered" }>;
  const interval = { logicalDate: 0, intervalStart: 0, intervalEnd: 0 };
  const rest = { params: null, conf: null, idempotencyKey: null, backfill: null, at: noon };
  const create = (runId: string): Change => ({
    ...{ kind: "createRun", dagNo, versionNo, runId, type: "manual" },
    ...interval,
    ...rest,
  });
  const move = (runNo: number, to: (typeof states)[number]): Change => ({
    ...{ kind: "updateRun", runNo, from: states, to, note: null, at: noon },
  });
  return { store, create, move };
}

/** An event about nothing, or about a run. */
function tell(runNo: number | null): Change {
  const event = { at: noon, kind: "note", dagId: null, runNo, taskInstanceNo: null, attempt: null, data: null };
  return { kind: "appendEvent", event };
}

const spansOf = (path: string, runNo: number) => {
  const db = connect(path);
  const rows = db.prepare("SELECT first_seq, last_seq FROM run_spans WHERE run_no = ? ORDER BY first_seq").all(runNo);
  db.close();
  return rows.map(({ first_seq: first, last_seq: last }) => [first, last]);
};

test("a run that runs again has a span for each time, and nothing that lies between them is read", async () => {
  const path = join(scratchFolder(), "millrace.db");
  const { store, create, move } = await opened(path);
  await store.commit([create("r")]);
  await store.commit([move(1, "success")]);
  await store.commit(Array.from({ length: 5_000 }, () => tell(null)));
  await store.commit([tell(1), move(1, "queued")]);
  await store.commit([move(1, "failed")]);
  expect(spansOf(path, 1)).toEqual([
    [2, 3],
    [5_004, 5_006],
  ]);
  // Soon after its end it is the same span.
  await store.commit([tell(null), tell(1)]);
  expect(spansOf(path, 1)[1]).toEqual([5_004, 5_008]);
  const kinds = async (after: number, limit: number) =>
    (await store.events.list({ runNo: 1, after, limit })).map(({ kind }) => kind);
  expect(await kinds(0, 99)).toEqual(["run.created", "run.success", "note", "run.queued", "run.failed", "note"]);
  expect(await kinds(2, 3)).toEqual(["run.success", "note", "run.queued"]);
  expect(await kinds(5_005, 9)).toEqual(["run.failed", "note"]);
  expect(await kinds(0, 0)).toEqual([]);
  await store.commit([{ kind: "deleteRuns", runNos: [1], at: noon }]);
  expect(spansOf(path, 1)).toEqual([]);
  expect(await store.events.list({ after: 5_003 })).toMatchObject([{ seq: 5_007 }]);
  expect((await check({ path })).problems).toEqual([]);
});

const oneIn = (count: number) => fc.nat({ max: count - 1 }).map((n) => n === 0);

test("whatever happens to runs, the events of each are those that name it, also for the next engine", async () => {
  const step = fc.record({
    run: fc.integer({ min: 1, max: 3 }),
    what: fc.constantFrom("create", "tell", "gap", "remove", ...states),
  });
  const groups = fc.array(fc.record({ steps: fc.array(step, { maxLength: 6 }), fails: oneIn(6), restarts: oneIn(6) }), {
    maxLength: 12,
  });
  const property = fc.asyncProperty(groups, async (sequence) => {
    const path = join(scratchFolder(), "millrace.db");
    let { store, create, move } = await opened(path);
    let made = 0;
    for (const { steps, fails, restarts } of sequence) {
      const changes = steps.flatMap(({ run, what }): Change[] => {
        if (what === "create") return [create(`r${made++}`)];
        if (what === "tell") return [tell(run)];
        if (what === "gap") return Array.from({ length: 600 }, () => tell(null));
        if (what === "remove") return [{ kind: "deleteRuns", runNos: [run], at: noon }];
        return [move(run, what)];
      });
      if (fails) await store.commit([...changes, { kind: "none" } as unknown as Change]).catch(() => undefined);
      else await store.commit(changes);
      if (!restarts) continue;
      await store.close();
      ({ store, create, move } = await opened(path));
    }
    const all: EventRow[] = [];
    for (
      let page = await store.events.list({});
      page.length > 0;
      page = await store.events.list({ after: all.at(-1)?.seq ?? 0 })
    )
      all.push(...page);
    for (let runNo = 1; runNo <= 4; runNo++)
      expect(await store.events.list({ runNo })).toEqual(all.filter((event) => event.runNo === runNo));
    await store.close();
    expect((await check({ path })).problems).toEqual([]);
  });
  await fc.assert(property, { numRuns: 25 });
});
