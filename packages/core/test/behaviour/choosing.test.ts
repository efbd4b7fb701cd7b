import { describe, expect, test } from "vitest";
import { dag, type Timetable } from "../../src/index.ts";
import type { CreateRun, Store } from "../../src/store/contract.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { instantOf } from "../../src/time/temporal.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine, statesOf } from "../test-engine.ts";

describe("branch", () => {
  const picking = (choice: unknown) =>
    dag("picking", {}, (d) => {
      const pick = d.branch("pick", { choices: ["left", "right", "side"] }, () => choice as "left");
      const left = d.task("left", () => "left");
      const right = d.task("right", () => "right");
      const side = d.group("side", (g) => {
        const one = g.task("one", () => 1);
        g.task("two", { input: one }, ({ input }) => input + 1);
      });
      const plain = d.task("plain", () => undefined).after(pick);
      d.task("join", { triggerRule: "none_failed_min_one_success" }, () => "joined").after(left, right, side, plain);
    });
  const skipped = { left: "skipped", right: "skipped", "side.one": "skipped", "side.two": "skipped" };

  test.for([
    ["one", "left", { ...skipped, left: "success" }],
    ["a list", ["left", "right"], { ...skipped, left: "success", right: "success" }],
    ["a group", "side", { ...skipped, "side.one": "success", "side.two": "success" }],
  ] as const)("%s is followed, the others are skipped", async ([, choice, expected]) => {
    const chosen = picking(choice);
    await using opened = await openEngine({ dags: [chosen] });
    const result = await opened.run(chosen);
    expect(statesOf(result)).toEqual({ pick: "success", ...expected, plain: "skipped", join: "success" });
    expect(await result.xcom("pick", { key: "skipmixin_key" })).toEqual({ followed: [choice].flat() });
  });

  test.for([
    ["null", null],
    ["an empty list", []],
  ] as const)("%s: nothing is followed", async ([, choice]) => {
    const chosen = picking(choice);
    await using opened = await openEngine({ dags: [chosen] });
    const result = await opened.run(chosen);
    expect(statesOf(result)).toEqual({ pick: "success", ...skipped, plain: "skipped", join: "skipped" });
    expect(result.state).toBe("success");
  });

  test.for([["middle"], [3], [["left", "middle"]]])("a choice that is none fails the branch: %s", async ([choice]) => {
    const chosen = picking(choice);
    await using opened = await openEngine({ dags: [chosen] });
    const result = await opened.run(chosen);
    expect(result.tasks["pick"]).toMatchObject({ state: "failed", error: { code: "BRANCH_CHOICE_INVALID" } });
    expect(result.tasks["left"].state).toBe("upstream_failed");
    expect(result.state).toBe("failed");
  });

  test("what also follows from a choice that was taken is not skipped", async () => {
    const shared = dag("shared", {}, (d) => {
      d.branch("pick", { choices: ["a", "b"] }, () => "a");
      const a = d.task("a", () => undefined);
      // A choice that also stands behind the other one.
      d.task("b", { triggerRule: "one_success" }, () => undefined).after(a);
    });
    await using opened = await openEngine({ dags: [shared] });
    expect(statesOf(await opened.run(shared))).toEqual({ pick: "success", a: "success", b: "success" });
  });

  test("a branch inside a group chooses among its neighbours", async () => {
    const inside = dag("inside", {}, (d) => {
      d.group("g", (g) => {
        g.branch("pick", { choices: ["yes", "no"] }, () => "yes");
        g.task("yes", () => undefined);
        g.task("no", () => undefined);
      });
    });
    await using opened = await openEngine({ dags: [inside] });
    expect(statesOf(await opened.run(inside))).toEqual({ "g.pick": "success", "g.yes": "success", "g.no": "skipped" });
  });
});

describe("short circuit", () => {
  const circuit = (value: unknown, ignoreDownstreamTriggerRules?: boolean) =>
    dag("circuit", {}, (d) => {
      const open = d.task("open", { role: "setup" }, () => undefined);
      const check = d.shortCircuit("check", { ignoreDownstreamTriggerRules }, () => value);
      check.after(open);
      const next = d.task("next", () => undefined).after(check);
      const after = d.task("after", { triggerRule: "all_done" }, () => undefined).after(next);
      d.task("close", { role: "teardown", setups: open }, () => undefined).after(after);
    });

  test.for([false, 0, "", null, undefined, [], {}, new Map(), new Set()])("stops at %o", async (value) => {
    const stopped = circuit(value);
    await using opened = await openEngine({ dags: [stopped] });
    const result = await opened.run(stopped);
    expect(statesOf(result)).toEqual({
      open: "success",
      check: "success",
      next: "skipped",
      after: "skipped",
      close: "success",
    });
    expect(result.state).toBe("success");
  });

  test.for([true, 1, "x", [0], { a: null }, new Date(0), new Map([[1, 2]])])("goes on at %o", async (value) => {
    const open = circuit(value);
    await using opened = await openEngine({ dags: [open] });
    expect(new Set(Object.values(statesOf(await opened.run(open))))).toEqual(new Set(["success"]));
  });

  test("skips the direct ones only and leaves the rest to their rules, if told so", async () => {
    const direct = circuit(false, false);
    await using opened = await openEngine({ dags: [direct] });
    expect(statesOf(await opened.run(direct))).toMatchObject({ next: "skipped", after: "success", close: "success" });
  });
});

describe("latest only", () => {
  const hourMs = 3_600_000;
  const hourly: Timetable = {
    next: ({ lastInterval }) => {
      if (lastInterval === null) return null;
      const start = lastInterval.end.epochMilliseconds;
      return {
        interval: { start: instantOf(start), end: instantOf(start + hourMs) },
        runAfter: instantOf(start + hourMs),
      };
    },
    describe: () => "every hour",
  };
  const latest = dag("latest", { schedule: hourly }, (d) => {
    const gate = d.latestOnly("gate");
    const now = d.task("now", () => undefined).after(gate);
    d.task("always", { triggerRule: "all_done" }, () => undefined).after(now);
  });
  const noon = Date.UTC(2026, 9, 22, 12);

  /** A run as the schedule would make it: about the hour that begins at `start`. */
  async function runAbout(start: number, now: number) {
    const database = memoryDatabase();
    const clock = new ManualClock(now);
    const store: Store = memoryStore({ database });
    await using opened = await openEngine({ dags: [latest], store, clock });
    const dagRow = await store.dags.get("latest");
    const create: CreateRun = {
      kind: "createRun",
      dagNo: dagRow?.dagNo ?? 0,
      versionNo: dagRow?.versionNo ?? 0,
      runId: "scheduled__1",
      type: "scheduled",
      logicalDate: start,
      intervalStart: start,
      intervalEnd: start + hourMs,
      params: null,
      conf: null,
      idempotencyKey: null,
      backfill: null,
      at: now,
    };
    await store.commit([create]);
    await clock.drive(opened.engine.start());
    await clock.settle();
    const rows = await opened.engine.tasks("latest", "scheduled__1");
    return Object.fromEntries(rows.map(({ taskId, state }) => [taskId, state]));
  }

  test("a run about the latest interval goes on", async () => {
    expect(await runAbout(noon - hourMs, noon + 1_000)).toEqual({ gate: "success", now: "success", always: "success" });
  });

  test("a run about an older one skips what follows directly", async () => {
    expect(await runAbout(noon - 3 * hourMs, noon + 1_000)).toEqual({
      gate: "success",
      now: "skipped",
      always: "success",
    });
  });

  test("a run made by hand is always the latest", async () => {
    await using opened = await openEngine({ dags: [latest] });
    const result = await opened.run(latest, { logicalDate: "2020-01-01" });
    expect(result.tasks["now"].state).toBe("success");
  });
});
