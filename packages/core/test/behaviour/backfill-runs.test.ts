import { describe, expect, it } from "vitest";
import type { BackfillRuns } from "../../src/engine/backfill-runs.ts";
import type { EngineService, ServiceHost } from "../../src/engine/service.ts";
import { type Dag, type DagOptions, dag } from "../../src/index.ts";
import type { BackfillItem, Store } from "../../src/store/contract.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { faultyStore } from "../faulty-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { day, grid, hour } from "../schedule/grid.ts";
import { gate, openEngine } from "../test-engine.ts";

const midnight = Date.parse("2026-10-22T00:00:00Z");

function daily(build: Parameters<typeof dag>[2], options: DagOptions = {}): Dag {
  return dag("sales", { schedule: grid(day), ...options }, build);
}

/** An engine with a service that has its host, and a running backfill of the days before midnight. */
async function withBackfill(one: Dag, days: number, items: Partial<BackfillItem> = {}, inner: Store = memoryStore()) {
  let host: ServiceHost | undefined;
  const service: EngineService = {
    name: "backfills",
    start: (given) => {
      host = given;
    },
    stop: () => undefined,
  };
  const clock = new ManualClock(midnight);
  const opened = await openEngine({ dags: [one], services: [service], store: inner, clock });
  await clock.drive(opened.engine.start({ schedule: false }));
  const given = host as ServiceHost;
  const dagNo = (await given.store.dags.get("sales"))?.dagNo ?? 0;
  const create = { kind: "createBackfill", backfillId: "b", dagNo, spec: "{}", maxActive: 9, at: 0 } as const;
  const made = await clock.drive(given.write(create));
  const backfillNo = made.status === "backfillCreated" ? made.backfillNo : 0;
  const all = Array.from({ length: days }, (_, itemNo) => {
    const start = midnight - (days - itemNo) * day;
    const dates = { logicalDate: start, intervalStart: start, intervalEnd: start + day };
    return { itemNo, ...dates, action: "create", reason: null, params: null, conf: null, ...items } as const;
  });
  await clock.drive(given.write({ kind: "addBackfillItems", backfillNo, items: all }));
  const run = { kind: "updateBackfill", backfillNo, from: ["preparing"], to: "running", note: null, at: 0 } as const;
  await clock.drive(given.write(run));
  const runs: BackfillRuns = given.backfills;
  const createRun = (itemNo: number) => {
    const { intervalStart: start, intervalEnd: end } = all[itemNo];
    return runs.create({ dagId: "sales", backfillNo, itemNo, start, end });
  };
  return { ...opened, opened, host: given, runs, backfillNo, createRun };
}

describe("runs of a backfill", () => {
  it("are made in turn, with their interval and an id of their own, and counted", async () => {
    const seen: unknown[] = [];
    const one = daily((d) => {
      d.task("t", ({ run, interval }) => void seen.push([run, interval.start.toString(), interval.end.toString()]));
    });
    const { clock, createRun, host, backfillNo, opened } = await withBackfill(one, 3);
    await using _ = opened;
    expect(await clock.drive(createRun(1))).toMatchObject({ status: "refused" });
    const made = await clock.drive(Promise.all([createRun(0), createRun(1), createRun(2)]));
    expect(made.map(({ status }) => status)).toEqual(["created", "created", "created"]);
    await clock.advance(1_000);
    expect(seen[0]).toEqual([
      { id: "backfill__2026-10-19T00:00:00Z", type: "backfill" },
      "2026-10-19T00:00:00Z",
      "2026-10-20T00:00:00Z",
    ]);
    expect(await host.store.backfills.get(backfillNo)).toMatchObject({
      started: 3,
      success: 3,
      active: 0,
      nextItem: 3,
    });
  });

  it("that failed go on from the task that failed when they are retried, and their backfill counts that", async () => {
    const calls: string[] = [];
    let fails = true;
    const one = daily((d) => {
      const first = d.task("first", () => void calls.push("first"));
      const second = d.task("second", () => {
        calls.push("second");
        if (fails) throw new Error("not yet");
      });
      d.chain(first, second);
    });
    const { clock, createRun, engine, host, backfillNo, opened } = await withBackfill(one, 1);
    await using _ = opened;
    await clock.drive(createRun(0));
    await clock.advance(1_000);
    const counts = async () => {
      const { active, success, failed } = (await host.store.backfills.get(backfillNo)) ?? {};
      return { active, success, failed };
    };
    expect(await counts()).toEqual({ active: 0, success: 0, failed: 1 });
    fails = false;
    await clock.drive(engine.retry("sales", "backfill__2026-10-21T00:00:00Z"));
    await clock.advance(1_000);
    expect(calls).toEqual(["first", "second", "second"]);
    expect(await counts()).toEqual({ active: 0, success: 1, failed: 0 });
  });

  it("do not move the schedule, and their dates are passed over by it", async () => {
    const one = daily((d) => void d.empty("t"), { startDate: "2026-10-19", catchup: true });
    const { clock, createRun, engine, opened } = await withBackfill(one, 2);
    await using _ = opened;
    await clock.drive(createRun(0));
    await clock.drive(createRun(1));
    await clock.drive(engine.start());
    await clock.drive(engine.unpause("sales"));
    await clock.advance(day);
    const runs = (await engine.runs()).map(({ runId }) => runId).sort();
    const [backfill, scheduled] = ["backfill__2026-10-", "scheduled__2026-10-"];
    expect(runs.map((id) => id.replace("T00:00:00Z", ""))).toEqual([
      `${backfill}20`,
      `${backfill}21`,
      `${scheduled}19`,
      `${scheduled}22`,
    ]);
  });

  it("run again what has ended, with the tasks of the newer version and the item's params, from the beginning", async () => {
    const seen: unknown[] = [];
    const version = (name: string) =>
      daily((d) => {
        const load = d.task("load", ({ params, attempt }) => void seen.push([name, params, attempt]));
        d.chain(
          load,
          d.task(name, () => 1),
        );
      });
    const { clock, engine, runs, backfillNo, host, createRun, opened } = await withBackfill(version("old"), 2, {
      params: '{"n":7}',
    });
    await using _ = opened;
    const made = await clock.drive(createRun(0));
    await clock.advance(1_000);
    await clock.drive(engine.replaceDags({ put: [version("fixed")] }));
    const runNo = made.status === "created" ? made.runNo : 0;
    expect(await clock.drive(runs.runAgain({ backfillNo, itemNo: 0, runNo }))).toMatchObject({ status: "refused" });
    expect(await clock.drive(runs.runAgain({ backfillNo, itemNo: 1, runNo }))).toEqual({ status: "done" });
    await clock.drive(host.whenEnded(runNo));
    expect(seen).toEqual([
      ["old", {}, 1],
      ["fixed", { n: 7 }, 2],
    ]);
    const { runId, state } = (await engine.runs())[0];
    expect(state).toBe("success");
    const tasks = await engine.tasks("sales", runId);
    expect(tasks.map(({ taskId, state: ended }) => [taskId, ended])).toEqual([
      ["load", "success"],
      ["fixed", "success"],
    ]);
    expect(await host.store.backfills.get(backfillNo)).toMatchObject({ started: 2, success: 2, active: 0 });
  });

  it("are asked for once more after an answer that was lost, without a second run", async () => {
    for (const fault of ["refused", "answer lost"] as const) {
      const faulty = faultyStore(memoryStore());
      const one = daily((d) => void d.empty("t"));
      const { clock, createRun, runs, backfillNo, host, engine, opened } = await withBackfill(one, 3, {}, faulty.store);
      await using _ = opened;
      const breakOnce = (kind: string): void => {
        let isBroken = false;
        faulty.plan = {
          commit: (_call, changes) => {
            if (isBroken || !changes.some((change) => change.kind === kind)) return "none";
            isBroken = true;
            return fault;
          },
        };
      };
      breakOnce("createRun");
      const made = await clock.drive(createRun(0));
      expect(made.status).toBe("created");
      await clock.advance(1_000);
      breakOnce("reprocessRun");
      const runNo = made.status === "created" ? made.runNo : 0;
      await clock.drive(runs.runAgain({ backfillNo, itemNo: 1, runNo }));
      await clock.drive(host.whenEnded(runNo));
      expect(await engine.runs()).toHaveLength(1);
      expect(await host.store.backfills.get(backfillNo)).toMatchObject({ started: 2, success: 2, nextItem: 2 });
    }
  });

  it("wait behind the scheduled runs of their DAG when only one may be active", async () => {
    const order: string[] = [];
    const held = gate();
    const one = daily(
      (d) => {
        d.task("t", async ({ run }) => {
          if (order.push(run.id.slice(0, -10)) === 1) await held.opened;
        });
      },
      { maxActiveRuns: 1, startDate: "2026-10-22", catchup: true },
    );
    const { clock, createRun, engine, opened } = await withBackfill(one, 3);
    await using _ = opened;
    for (const itemNo of [0, 1, 2]) await clock.drive(createRun(itemNo));
    await clock.drive(engine.start());
    await clock.advance(day);
    held.open();
    await clock.advance(hour);
    expect(order).toEqual([
      "backfill__2026-10-19",
      "scheduled__2026-10-22",
      "backfill__2026-10-20",
      "backfill__2026-10-21",
    ]);
  });

  it("have their tasks behind those of all other runs, whatever the priorities", async () => {
    const order: string[] = [];
    const one = daily((d) => {
      d.task("t", { priority: 1_000 }, ({ run }) => void order.push(run.type));
    });
    const { clock, createRun, engine, opened } = await withBackfill(one, 3);
    await using _ = opened;
    await clock.drive(engine.setPool("default_pool", 0));
    for (const itemNo of [0, 1, 2]) await clock.drive(createRun(itemNo));
    for (let n = 0; n < 2; n++) await clock.drive(engine.trigger("sales"));
    await clock.settle();
    await clock.drive(engine.setPool("default_pool", 1));
    await clock.advance(1_000);
    expect(order).toEqual(["manual", "manual", "backfill", "backfill", "backfill"]);
  });

  it("depend on their past but for the first of the backfill", async () => {
    const seen: string[] = [];
    let isBad = true;
    const one = daily(
      (d) => {
        d.task("t", ({ run }) => {
          seen.push(run.id.slice(10, 20));
          if (isBad) throw new Error("bad");
        });
      },
      { dependsOnPast: true },
    );
    const { clock, createRun, engine, opened } = await withBackfill(one, 3);
    await using _ = opened;
    await clock.drive(createRun(0));
    await clock.advance(hour);
    expect(seen).toEqual(["2026-10-19"]);
    isBad = false;
    await clock.drive(createRun(1));
    await clock.advance(hour);
    expect(seen).toEqual(["2026-10-19"]);
    await clock.drive(engine.retry("sales", "backfill__2026-10-19T00:00:00Z"));
    await clock.advance(hour);
    expect(seen).toEqual(["2026-10-19", "2026-10-19", "2026-10-20"]);
  });
});
