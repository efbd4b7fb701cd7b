import { describe, expect, test } from "vitest";
import { readCatchup } from "../../src/engine/catchup-settings.ts";
import type { EngineNotice } from "../../src/engine/create-engine.ts";
import { type CatchupSource, catchupFrom, type Dag, type DagOptions, dag } from "../../src/index.ts";
import { type MemoryDatabase, memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { day, grid, hour } from "../schedule/grid.ts";
import { gate, openEngine, type TestEngine } from "../test-engine.ts";

const midnight = Date.parse("2026-10-22T00:00:00Z");

function hourly(catchup: DagOptions["catchup"], id = "sales", options: DagOptions = {}): Dag {
  return dag(id, { schedule: grid(hour), startDate: "2026-10-22", ...options, catchup }, (d) => void d.empty("t"));
}

/** A source in the test's hands. What is an error is thrown. */
function table(says: Record<string, unknown>, options: Parameters<typeof catchupFrom>[1] = {}): CatchupSource {
  return catchupFrom(
    ({ dagId }) => {
      if (says[dagId] instanceof Error) throw says[dagId];
      return says[dagId];
    },
    { name: "table", ...options },
  );
}

async function started(
  dags: readonly Dag[],
  options: { clock: ManualClock; database?: MemoryDatabase; notices?: EngineNotice[] },
): Promise<TestEngine> {
  const { clock, database = memoryDatabase(), notices = [] } = options;
  const onNotice = (notice: EngineNotice): void => void notices.push(notice);
  const opened = await openEngine({ dags, clock, store: memoryStore({ database }), onNotice });
  await clock.drive(opened.engine.start());
  await clock.settle();
  return opened;
}

/** Scheduled runs by logical date, in hours since midnight of the 22nd. */
async function hoursOf({ engine }: TestEngine, dagId = "sales"): Promise<number[]> {
  const runs = await engine.runs({ dagId, type: "scheduled", limit: 10_000 });
  return runs.map(({ logicalDate }) => (logicalDate - midnight) / hour).sort((a, b) => a - b);
}

/** What was recorded of catchup settings: kind without its beginning, DAG and data. Listeners were told the same. */
async function recorded({ engine, events: told }: TestEngine): Promise<readonly unknown[]> {
  const events = await engine.events({ limit: 10_000 });
  const dagOf = new Map(events.map(({ seq, dagId }) => [seq, dagId ?? undefined]));
  for (const { seq, dagId } of told) expect([seq, dagId]).toEqual([seq, dagOf.get(seq)]);
  return events
    .filter(({ kind }) => kind.startsWith("dag.catchup_"))
    .map(({ kind, dagId, data }) => [kind.slice("dag.catchup_".length), dagId, JSON.parse(data ?? "null")]);
}

const changed = (dagId: string, old: unknown, now: unknown, by: string): unknown => [
  "changed",
  dagId,
  { old, new: now, by },
];

describe("a source of catchup settings", () => {
  test("decides from before the first run on, and each change of it is recorded once, over restarts too", async () => {
    const clock = new ManualClock(midnight + 10 * hour);
    const database = memoryDatabase();
    const says: Record<string, unknown> = { sales: true };
    const one = (): Dag[] => [hourly(table(says)), hourly(false, "plain")];
    const first = changed("sales", false, true, "table");
    {
      await using opened = await started(one(), { clock, database });
      expect([await hoursOf(opened), await hoursOf(opened, "plain")]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [9]]);
      await clock.advance(60_000);
      expect(await recorded(opened)).toEqual([first]);
    }
    await clock.advance(3 * hour);
    const second = changed("sales", true, { maxRuns: 2 }, "table");
    {
      await using opened = await started(one(), { clock, database });
      expect(await recorded(opened)).toEqual([first]);
      expect(await hoursOf(opened)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      says["sales"] = { maxRuns: 2 };
      await clock.advance(9_999);
      expect(await recorded(opened)).toEqual([first]);
      await clock.advance(1);
      expect(await recorded(opened)).toEqual([first, second]);
    }
    says["sales"] = undefined;
    await clock.advance(3 * hour);
    await using opened = await started(one(), { clock, database });
    expect(await recorded(opened)).toEqual([first, second, changed("sales", { maxRuns: 2 }, false, "table")]);
    expect((await hoursOf(opened)).slice(-2)).toEqual([12, 15]);
  });

  test("that cannot be read leaves what held; it is told once for each trouble, and when it is well again", async () => {
    const clock = new ManualClock(midnight + 5 * hour);
    const says: Record<string, unknown> = { sales: true };
    const notices: EngineNotice[] = [];
    await using opened = await started([hourly(table(says))], { clock, notices });
    for (const trouble of [new TypeError("hunter2"), new TypeError("hunter3"), "hunter2", new TypeError("x"), true]) {
      says["sales"] = trouble;
      await clock.advance(25_000);
    }
    says["sales"] = new TypeError("hunter2");
    await clock.advance(25_000);
    const failed = {
      source: "table",
      code: "CATCHUP_SOURCE_FAILED",
      message: "The source 'table' of catchup settings could not be read: TypeError",
    };
    const invalid = {
      source: "table",
      code: "CATCHUP_SOURCE_INVALID",
      message: expect.stringContaining("DAG 'sales': setting: true, false or") as string,
    };
    expect(await recorded(opened)).toEqual([
      changed("sales", false, true, "table"),
      ["unreadable", "sales", failed],
      ["unreadable", "sales", invalid],
      ["readable", "sales", { source: "table" }],
      ["unreadable", "sales", failed],
    ]);
    expect(notices.map((notice) => ["source" in notice && notice.source, notice.message.length > 50])).toEqual(
      Array(3).fill(["table", true]),
    );
    expect(opened.engine.metrics.prometheus()).toContain('millrace_catchup_unreadable_total{source="table"} 3');
    await clock.advance(3 * hour);
    expect(await hoursOf(opened)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("that is broken when an engine starts counts as what it said last, else as its default", async () => {
    const clock = new ManualClock(midnight + 5 * hour);
    const database = memoryDatabase();
    const says: Record<string, unknown> = { sales: { maxRuns: 3 } };
    const broken = new Error("down");
    await (await started([hourly(table(says))], { clock, database }))[Symbol.asyncDispose]();
    says["sales"] = broken;
    await clock.advance(5 * hour);
    {
      await using opened = await started([hourly(table(says))], { clock, database });
      expect((await hoursOf(opened)).slice(-4)).toEqual([4, 7, 8, 9]);
    }
    await clock.advance(5 * hour);
    {
      // Another source knows nothing from before.
      const other = table(says, { name: "other", default: { maxRuns: 2 } });
      await using opened = await started([hourly(other)], { clock, database });
      expect((await hoursOf(opened)).slice(-3)).toEqual([9, 13, 14]);
      expect((await recorded(opened)).slice(-2)).toEqual([
        ["unreadable", "sales", expect.objectContaining({ source: "other" })],
        changed("sales", { maxRuns: 3 }, { maxRuns: 2 }, "code"),
      ]);
    }
    await using opened = await started([hourly(table({ new: broken }), "new")], { clock });
    expect(await hoursOf(opened, "new")).toEqual([14]);
  });

  test("that does not answer keeps no engine from starting", async () => {
    const clock = new ManualClock(midnight + 5 * hour);
    const began = clock.now();
    await using opened = await started([hourly(catchupFrom(() => new Promise(() => undefined), { default: true }))], {
      clock,
    });
    expect(clock.now() - began).toBe(10_000);
    expect(await hoursOf(opened)).toEqual([0, 1, 2, 3, 4]);
    await clock.advance(hour);
    expect((await recorded(opened)).map((event) => (event as string[])[0])).toEqual(["unreadable", "unreadable"]);
  });

  test("may serve many DAGs: what concerns all of them is told once", async () => {
    const clock = new ManualClock(midnight + hour);
    let trouble: Error | undefined = new RangeError("x");
    let refreshed = 0;
    const source: CatchupSource = {
      name: "file",
      every: "1m",
      default: false,
      refresh() {
        refreshed++;
        if (trouble) throw trouble;
      },
      read: () => true,
    };
    const dags = ["a", "b", "c"].map((id) => hourly(source, id));
    await using opened = await started(dags, { clock });
    expect(await recorded(opened)).toEqual([["unreadable", null, expect.objectContaining({ source: "file" })]]);
    trouble = undefined;
    await clock.advance("1m");
    expect(refreshed).toBe(2);
    expect(await recorded(opened)).toEqual([
      ["unreadable", null, expect.objectContaining({ source: "file" })],
      ["readable", null, { source: "file" }],
      ...["a", "b", "c"].map((dagId) => changed(dagId, false, true, "file")),
    ]);
  });

  test("is read for DAGs that come while an engine works, before they have a run, and no more for those that go", async () => {
    const clock = new ManualClock(midnight + 3 * hour);
    const says: Record<string, unknown> = { sales: true, later: true };
    let asked = 0;
    const source = catchupFrom(
      ({ dagId }) => {
        asked++;
        return says[dagId];
      },
      { name: "table" },
    );
    await using opened = await started([hourly(false)], { clock });
    expect(await hoursOf(opened)).toEqual([2]);
    const { engine } = opened;
    await clock.drive(engine.replaceDags({ put: [hourly(source, "later"), hourly(source)] }));
    await clock.settle();
    expect([asked, await hoursOf(opened, "later"), await hoursOf(opened)]).toEqual([2, [0, 1, 2], [2]]);
    await clock.advance("20s");
    expect(asked).toBe(6);
    await clock.drive(engine.replaceDags({ put: [hourly({ maxRuns: 1 })], remove: ["later"] }));
    await clock.advance("10m");
    expect(asked).toBe(6);
    await clock.drive(engine.replaceDags({ put: [hourly(source, "again")] }));
    await clock.advance("20s");
    expect(asked).toBe(9);
    expect(await recorded(opened)).toEqual([
      changed("later", false, true, "table"),
      changed("sales", false, true, "table"),
      changed("sales", true, { maxRuns: 1 }, "code"),
    ]);
  });

  test("that has not answered yet leaves a DAG under way as it is", async () => {
    const clock = new ManualClock(midnight + 20 * hour);
    const held = gate();
    const slow = gate<unknown>();
    const work = (catchup: DagOptions["catchup"]): Dag =>
      dag("sales", { schedule: grid(hour), startDate: "2026-10-22", catchup, maxActiveRuns: 1 }, (d) => {
        d.task("t", () => held.opened);
      });
    await using opened = await started([work(true)], { clock });
    expect(await hoursOf(opened)).toEqual([0]);
    const replaced = opened.engine.replaceDags({ put: [work(catchupFrom(() => slow.opened))] });
    await clock.settle();
    held.open();
    await clock.settle();
    expect(await hoursOf(opened)).toHaveLength(20);
    slow.open(true);
    await clock.drive(replaced);
    expect(await recorded(opened)).toEqual([]);
    expect(await readCatchup(opened.store, work(table({}, { name: "query" })))).toMatchObject({ setting: true });
  });
});

describe("a setting in the store", () => {
  test("goes before source and code, for engines that come later too, until it is taken back", async () => {
    const clock = new ManualClock(midnight + 3 * hour);
    const database = memoryDatabase();
    const says: Record<string, unknown> = { sales: true };
    const dags = (): Dag[] => [hourly(table(says)), hourly(true, "plain")];
    const unread = await readCatchup(undefined, dags()[0]);
    expect(unread).toEqual({ setting: false, from: "source", source: "table", isDefault: true });
    const state = (opened: TestEngine, place: number) => readCatchup(opened.store, dags()[place]);
    {
      await using opened = await started(dags(), { clock, database });
      const { engine } = opened;
      const drive = <T>(work: Promise<T>): Promise<T> => clock.drive(work);
      expect(await drive(engine.setCatchup("sales", { since: "2026-10-22", window: "90m" }))).toEqual({
        dagId: "sales",
        old: true,
        new: { since: "2026-10-22T00:00:00.000Z", window: "90m" },
        from: "store",
        source: "table",
      });
      expect(await drive(engine.setCatchup("plain", false))).toMatchObject({ old: true, new: false, source: null });
      expect(await drive(engine.setCatchup("plain", false))).toMatchObject({ old: false, new: false, from: "store" });
      says["sales"] = { maxRuns: 7 };
      await clock.advance("1m");
    }
    await using opened = await started(dags(), { clock, database });
    expect(await state(opened, 0)).toMatchObject({ setting: { window: "90m" }, from: "store", source: "table" });
    expect(await state(opened, 1)).toEqual({ setting: false, from: "store", source: null, isDefault: false });
    const reset = await clock.drive(opened.engine.setCatchup("sales", null));
    expect(reset).toMatchObject({ new: { maxRuns: 7 }, from: "source" });
    expect(await clock.drive(opened.engine.setCatchup("plain", null))).toMatchObject({ new: true, from: "code" });
    expect(await state(opened, 1)).toEqual({ setting: true, from: "code", source: null, isDefault: false });
    expect(await recorded(opened)).toEqual([
      changed("sales", false, true, "table"),
      changed("sales", true, { since: "2026-10-22T00:00:00.000Z", window: "90m" }, "engine.setCatchup"),
      changed("plain", true, false, "engine.setCatchup"),
      changed("sales", { since: "2026-10-22T00:00:00.000Z", window: "90m" }, { maxRuns: 7 }, "engine.setCatchup"),
      changed("plain", false, true, "engine.setCatchup"),
    ]);
    expect(await opened.store.state.list("catchup")).toHaveLength(1);
  });

  test("may be set on an engine that makes no scheduled runs", async () => {
    const clock = new ManualClock(midnight);
    const database = memoryDatabase();
    {
      await using opened = await openEngine({ dags: [hourly(true)], clock, store: memoryStore({ database }) });
      await opened.engine.setCatchup("sales", { maxRuns: 2 });
    }
    await clock.advance(day);
    await using opened = await started([hourly(true)], { clock, database });
    expect(await hoursOf(opened)).toEqual([22, 23]);
  });

  test("is refused when it is none, and for a DAG that is not there", async () => {
    await using opened = await openEngine({ dags: [hourly(true)] });
    for (const setting of ["yes", { maxRuns: 0 }, { since: "-30d" }, { others: 1 }, [], 5, undefined]) {
      const code = "CATCHUP_INVALID";
      await expect(opened.engine.setCatchup("sales", setting as never)).rejects.toMatchObject({ code });
    }
    await expect(opened.engine.setCatchup("nobody", true)).rejects.toMatchObject({ code: "DAG_NOT_FOUND" });
    await expect(opened.engine.setCatchup("../x", true)).rejects.toMatchObject({ code: "DAG_ID_INVALID" });
  });

  test("that was damaged is told and counts as none; it can be set anew", async () => {
    const clock = new ManualClock(midnight + 3 * hour);
    const database = memoryDatabase();
    {
      await using opened = await openEngine({ dags: [hourly(true)], clock, store: memoryStore({ database }) });
      const write = { kind: "putState", namespace: "catchup", key: "sales", value: "{hunter2", at: 0 } as const;
      await opened.store.commit([write]);
      await expect(readCatchup(opened.store, hourly(true))).rejects.toMatchObject({ code: "CATCHUP_RECORD_INVALID" });
    }
    await using opened = await started([hourly(true)], { clock, database });
    expect(await hoursOf(opened)).toEqual([0, 1, 2]);
    const told = await recorded(opened);
    expect(told).toEqual([["unreadable", "sales", expect.objectContaining({ code: "CATCHUP_RECORD_INVALID" })]]);
    expect(JSON.stringify(told)).not.toContain("hunter2");
    await clock.drive(opened.engine.setCatchup("sales", false));
    expect(await readCatchup(opened.store, hourly(true))).toMatchObject({ setting: false, from: "store" });
  });
});
