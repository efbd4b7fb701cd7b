import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collectorService } from "../../src/engine/collector-service.ts";
import { removeExpired } from "../../src/engine/retention/remove-expired.ts";
import { parseRetention } from "../../src/engine/retention/retention-rules.ts";
import { retentionService } from "../../src/engine/retention/retention-service.ts";
import { dag } from "../../src/index.ts";
import type { RunType } from "../../src/lifecycle/states.ts";
import type { Store } from "../../src/store/contract.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { day, grid, hour, minute } from "../schedule/grid.ts";
import { gate, openEngine } from "../test-engine.ts";
import { listingPlace } from "../xcom/listing-place.ts";

const start = Date.parse("2026-10-01T00:00:00Z");
const keepThree = { runs: { keep: 3, olderThan: false }, logs: false, events: false } as const;

/** All runs of the store, newest first. */
function runsIn(store: Store) {
  return store.runs.list({ limit: 10_000 });
}

describe("what rules keep", () => {
  const anyRun = fc.record({
    dag: fc.nat({ max: 1 }),
    type: fc.constantFrom<RunType>("scheduled", "backfill", "manual"),
    date: fc.nat({ max: 40 }),
    /** Days ago; `undefined`: it has not ended. */
    ended: fc.option(fc.nat({ max: 30 }), { nil: undefined }),
  });
  const anyRule = fc.record({
    olderThan: fc.oneof(
      fc.constant(false as const),
      fc.nat({ max: 30 }).map((days) => ({ days })),
    ),
    keep: fc.oneof(fc.constant(false as const), fc.integer({ min: 1, max: 6 })),
  });

  test("is never removed, and all else is, whatever the history", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRun, { maxLength: 40 }), anyRule, anyRule, async (history, rule, other) => {
        const clock = new ManualClock(start);
        const store = memoryStore();
        await store.open("engine");
        for (const [no, { dag: dagNo, type, date, ended }] of history.entries()) {
          const dagId = `dag-${dagNo}`;
          const [registered] = await store.commit([
            {
              kind: "registerDag",
              ...{ dagId, fingerprint: dagId, snapshot: "{}", bundle: null, taskIds: ["t"], paused: false },
              ...{ startDate: null, startDateIsRelative: false, at: 0 },
            },
          ]);
          if (registered.status !== "registered") throw new Error(registered.status);
          const logicalDate = date * day;
          const [made] = await store.commit([
            {
              kind: "createRun",
              ...{ dagNo: registered.dagNo, versionNo: registered.versionNo, runId: `run-${no}`, type, logicalDate },
              ...{
                intervalStart: logicalDate,
                intervalEnd: logicalDate,
                idempotencyKey: null,
                params: null,
                conf: null,
              },
              ...{ backfill: null, at: 0 },
            },
          ]);
          if (made.status !== "created" || ended === undefined) continue;
          const { runNo } = made;
          const at = start - ended * day;
          await store.commit([{ kind: "updateRun", runNo, from: ["queued"], to: "success", note: null, at }]);
        }
        const before = await runsIn(store);
        const rules = parseRetention({ runs: rule, logs: false, events: false, dags: { "dag-1": other } });
        const write = async (change: Parameters<Store["commit"]>[0][number]) => (await store.commit([change]))[0];
        const removed = await removeExpired({ store, write, clock, rules });
        const left = new Set((await runsIn(store)).map(({ runNo }) => runNo));
        expect(removed.dags.reduce((sum, { runs }) => sum + runs, 0)).toBe(before.length - left.size);

        for (const dagId of ["dag-0", "dag-1"]) {
          const runs = before.filter((run) => run.dagId === dagId);
          const { olderThanMs, keep } = rules.dags.get(dagId) ?? rules.runs;
          const ended = runs
            .filter(({ endedAt }) => endedAt !== null)
            .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0) || b.runNo - a.runNo);
          const owners = ended.filter(({ type }) => type !== "manual").sort((a, b) => b.logicalDate - a.logicalDate);
          const isNeeded = (run: (typeof runs)[number]): boolean =>
            run.endedAt === null || run === ended[0] || run === owners[0];
          const isKept = (run: (typeof runs)[number]): boolean =>
            (olderThanMs === null || (run.endedAt ?? 0) >= start - olderThanMs) &&
            (keep === null || ended.indexOf(run) < keep);
          for (const run of runs) expect([run, left.has(run.runNo)]).toEqual([run, isNeeded(run) || isKept(run)]);
        }
        await store.close();
      }),
      { numRuns: 150 },
    );
  });
});

describe("the retention service", () => {
  test("removes what is too much when the engine starts and every hour, and tells it by an event", async () => {
    const clock = new ManualClock(start);
    const one = dag("one", {}, (d) => void d.task("t", () => "value"));
    const services = [retentionService({ retention: keepThree })];
    await using opened = await openEngine({ dags: [one], clock, services });
    for (let n = 0; n < 6; n++) await opened.run(one);
    await clock.drive(opened.engine.start());
    await clock.advance(minute);
    expect((await runsIn(opened.store)).map(({ runNo }) => runNo)).toEqual([6, 5, 4]);
    await opened.run(one);
    await opened.run(one);
    await clock.advance(58 * minute);
    expect(await runsIn(opened.store)).toHaveLength(5);
    await clock.advance(2 * minute);
    expect((await runsIn(opened.store)).map(({ runNo }) => runNo)).toEqual([8, 7, 6]);
    const told = opened.events.filter(({ kind }) => kind === "retention.removed").map(({ data }) => data);
    expect(told).toEqual([
      { runs: 3, xcoms: 0, backfills: 0, events: 0, logLines: 0 },
      { runs: 2, xcoms: 0, backfills: 0, events: 0, logLines: 0 },
    ]);
    await expect(opened.engine.tasks("one", "run-1")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  });

  test("removes old logs and events, those of runs that are kept too", async () => {
    const clock = new ManualClock(start);
    const one = dag("one", {}, (d) => void d.task("t", ({ log }) => log.info("hello")));
    const retention = { logs: { olderThan: "2d" }, events: { olderThan: "4d" } } as const;
    await using opened = await openEngine({ dags: [one], clock, services: [retentionService({ retention })] });
    await clock.drive(opened.engine.start());
    await opened.run(one);
    await clock.advance(minute);
    const [{ runNo }] = await runsIn(opened.store);
    const [{ taskInstanceNo }] = await opened.store.tasks.ofRun(runNo);
    const lines = async () => (await opened.store.logs.list({ taskInstanceNo })).length;
    await clock.advance(2 * day - hour);
    expect([await lines(), (await opened.store.events.list({ runNo })).length > 0]).toEqual([1, true]);
    await clock.advance(2 * hour);
    expect([await lines(), (await opened.store.events.list({ runNo })).length > 0]).toEqual([0, true]);
    await clock.advance(2 * day);
    expect(await opened.store.events.list({ runNo })).toEqual([]);
    expect((await opened.store.runs.get(runNo))?.state).toBe("success");
  });

  test("removes backfills that ended before the age of runs, and no others", async () => {
    const clock = new ManualClock(start);
    const one = dag("one", {}, (d) => void d.task("t", () => 1));
    await using opened = await openEngine({ dags: [one], clock });
    const dagNo = (await opened.store.dags.get("one"))?.dagNo ?? 0;
    const store = opened.store;
    for (const [backfillId, ended] of [
      ["old", 40],
      ["young", 20],
      ["open", undefined],
    ] as const) {
      const at = start - 50 * day;
      const [made] = await store.commit([{ kind: "createBackfill", backfillId, dagNo, spec: "{}", maxActive: 1, at }]);
      if (made.status !== "backfillCreated") throw new Error(made.status);
      const { backfillNo } = made;
      const to = (from: "preparing" | "running", to: "running" | "cancelled", when: number) =>
        store.commit([{ kind: "updateBackfill", backfillNo, from: [from], to, note: null, at: when }]);
      await to("preparing", "running", at);
      if (ended !== undefined) await to("running", "cancelled", start - ended * day);
    }
    const rules = parseRetention({ runs: { olderThan: "30d" } });
    const write = async (change: Parameters<Store["commit"]>[0][number]) => (await store.commit([change]))[0];
    expect(await removeExpired({ store, write, clock, rules })).toMatchObject({ backfills: 1, isComplete: true });
    expect((await store.backfills.list({})).map(({ backfillId }) => backfillId)).toEqual(["open", "young"]);
  });

  test("has catchup not make runs again that it removed, after a restart either", async () => {
    const database = memoryDatabase();
    const clock = new ManualClock(start + minute);
    const made: string[] = [];
    const open = () =>
      openEngine({
        dags: [
          dag("daily", { schedule: grid(day), startDate: "2026-10-01", catchup: true }, (d) => {
            d.task("t", ({ run }) => void made.push(run.id));
          }),
        ],
        clock,
        store: memoryStore({ database }),
        services: [retentionService({ retention: { ...keepThree, runs: { keep: 1, olderThan: false } } })],
      });
    for (let restart = 0; restart < 3; restart++) {
      await using opened = await open();
      await clock.drive(opened.engine.start());
      await clock.advance(5 * day);
      expect((await runsIn(opened.store)).length).toBeLessThan(3);
    }
    expect(made).toHaveLength(15);
    expect(new Set(made).size).toBe(15);
  });

  test("leaves runs alone that have not ended, however many and old", async () => {
    const held = gate();
    const clock = new ManualClock(start);
    const one = dag("one", {}, (d) => void d.task("t", () => held.opened));
    const retention = { ...keepThree, runs: { keep: 1, olderThan: "1h" } };
    await using opened = await openEngine({ dags: [one], clock, services: [retentionService({ retention })] });
    await clock.drive(opened.engine.start());
    for (let n = 0; n < 5; n++) await opened.engine.trigger(one);
    await clock.advance(day);
    expect(await runsIn(opened.store)).toHaveLength(5);
    held.open();
    await clock.advance(2 * hour);
    expect(await runsIn(opened.store)).toHaveLength(1);
  });

  test("leaves nothing behind that another run of the same id, or one that looks back, would find", async () => {
    const clock = new ManualClock(start);
    const seen: unknown[] = [];
    const one = dag("one", { deadline: "1m" }, (d) => {
      d.task("t", async ({ state, previous, run }) => {
        seen.push([run.id, await state.get("n"), previous?.runId]);
        await state.set("n", run.id);
        if (run.id === "slow") await clock.sleep(5 * minute);
        if (run.id === "last") throw new Error("no success");
      });
    });
    const retention = { ...keepThree, runs: { keep: 1, olderThan: false } } as const;
    await using opened = await openEngine({ dags: [one], clock, services: [retentionService({ retention })] });
    await clock.drive(opened.engine.start());
    await opened.run(one, { runId: "slow", logicalDate: "2026-10-01" });
    await opened.run(one, { runId: "last", logicalDate: "2026-10-02" });
    expect(await opened.store.state.list("deadline")).toHaveLength(1);
    await clock.advance(2 * hour);
    expect((await runsIn(opened.store)).map(({ runId }) => runId)).toEqual(["last"]);
    expect(await opened.store.state.list("deadline")).toEqual([]);
    await opened.run(one, { runId: "slow", logicalDate: "2026-10-03" });
    expect(seen).toEqual([
      ["slow", undefined, undefined],
      ["last", undefined, "slow"],
      ["slow", undefined, undefined],
    ]);
  });

  test("leaves what values kept in a place to the collector, which removes that of runs that are gone and no more", async () => {
    const clock = new ManualClock(start);
    const { place, kept } = listingPlace(() => clock.now());
    const one = dag("one", {}, (d) => void d.task("t", ({ run }) => run.id));
    const services = [retentionService({ retention: keepThree }), collectorService({ olderThan: "1h" })];
    await using opened = await openEngine({ dags: [one], clock, services, xcom: { backend: [place] } });
    for (let n = 0; n < 5; n++) await opened.run(one, { runId: `r${n}` });
    expect(kept.size).toBe(5);
    await clock.drive(opened.engine.start());
    await clock.advance(3 * hour);
    expect([...kept.values()].map(({ address }) => address?.runId)).toEqual(["r2", "r3", "r4"]);
    for (const runId of ["r2", "r3", "r4"]) expect(await opened.engine.xcom("one", runId, "t")).toBe(runId);
  });

  test("has streams that stay in the store go with their runs", async () => {
    const clock = new ManualClock(start);
    const one = dag("one", {}, (d) => {
      d.task("t", ({ xcom }) => xcom.pushStream("bytes", Readable.from([Buffer.from("abc")])));
    });
    const services = [retentionService({ retention: keepThree }), collectorService({ olderThan: "1h" })];
    await using opened = await openEngine({ dags: [one], clock, services });
    for (let n = 0; n < 5; n++) await opened.run(one, { runId: `r${n}` });
    const streams = async () => (await opened.store.chunks.streams({ limit: 100 })).length;
    expect(await streams()).toBe(5);
    await clock.drive(opened.engine.start());
    await clock.advance(3 * hour);
    expect(await streams()).toBe(3);
  });

  test("has whoever reads a run meanwhile see all of it or be told that it is gone", async () => {
    const clock = new ManualClock(start);
    const one = dag("one", {}, (d) => {
      d.task("t", () => "value");
      d.task("u", () => "value");
    });
    await using opened = await openEngine({
      dags: [one],
      clock,
      services: [retentionService({ retention: keepThree })],
    });
    for (let n = 0; n < 60; n++) await opened.run(one, { runId: `r${n}` });
    const read = async (runId: string): Promise<string> => {
      try {
        const tasks = await opened.engine.tasks("one", runId);
        const values = await Promise.all(tasks.map(({ taskId }) => opened.engine.xcom("one", runId, taskId)));
        return `${tasks.length} ${values}`;
      } catch (error) {
        return String((error as { code?: unknown }).code);
      }
    };
    const answers = new Set<string>();
    let isOver = false;
    const reading = (async () => {
      for (let n = 0; !isOver; n = (n + 7) % 60) {
        answers.add(await read(`r${n}`));
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    })();
    await clock.drive(opened.engine.start());
    await clock.advance(hour);
    isOver = true;
    await reading;
    for (let n = 0; n < 60; n++) answers.add(await read(`r${n}`));
    expect([...answers].filter((answer) => answer !== "2 value,value")).not.toEqual([]);
    for (const answer of answers)
      expect(["2 value,value", "RUN_NOT_FOUND", "TASK_NOT_FOUND", "XCOM_NOT_FOUND"]).toContain(answer);
  });

  test("removes values of runs that stay, by age and number, once each; of a DAG that keeps everything none", async () => {
    const clock = new ManualClock(start);
    const version = (id: string) =>
      dag(id, {}, (d) => {
        d.task("t", ({ run }) => run.id);
      });
    const dags = [version("one"), version("audit")];
    const xcoms = { olderThan: "10d", keep: 3 } as const;
    const retention = { runs: false, xcoms, logs: false, events: false, dags: { audit: false } } as const;
    await using opened = await openEngine({ dags, clock, services: [retentionService({ retention })] });
    const { engine, store } = opened;
    for (let n = 0; n < 6; n++) for (const one of dags) await opened.run(one, { runId: `r${n}` });
    await clock.drive(engine.start());
    await clock.advance(hour);
    const left = async (dagId: string) => {
      const values = await Promise.all(
        Array.from({ length: 8 }, (_, n) => engine.xcom(dagId, `r${n}`, "t").catch(() => "no run")),
      );
      return values.filter((value) => value !== undefined && value !== "no run");
    };
    expect(await left("one")).toEqual(["r3", "r4", "r5"]);
    expect(await left("audit")).toEqual(["r0", "r1", "r2", "r3", "r4", "r5"]);
    await clock.advance(5 * day);
    for (const runId of ["r6", "r7"]) await opened.run(dags[0], { runId });
    // It ends anew, and is the newest now.
    await clock.drive(engine.clear("one", "r0"));
    await clock.advance(hour);
    expect(await left("one")).toEqual(["r0", "r6", "r7"]);
    await clock.advance(6 * day);
    // The one that ended last stays as it is.
    await clock.advance(11 * day);
    expect(await left("one")).toEqual(["r7"]);
    expect(await store.runs.list({ dagId: "one" })).toHaveLength(8);
    const told = (await engine.events({ limit: 1_000 })).filter(({ kind }) => kind === "retention.removed");
    expect(told.map(({ data }) => (JSON.parse(data ?? "{}") as { xcoms: number }).xcoms)).toEqual([3, 3, 2]);
  });

  test("with false removes nothing by itself, and tells wrong rules at once", async () => {
    const clock = new ManualClock(start);
    const one = dag("one", {}, (d) => void d.task("t", () => 1));
    await using opened = await openEngine({ dags: [one], clock, services: [retentionService({ retention: false })] });
    await clock.drive(opened.engine.start());
    for (let n = 0; n < 5; n++) await opened.run(one);
    await clock.advance(1_000 * day);
    expect(await runsIn(opened.store)).toHaveLength(5);
    expect(() => retentionService({ retention: { runs: { keep: 0 } } })).toThrow("retention.runs.keep is 0");
  });
});
