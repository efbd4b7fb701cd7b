import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { readCatchup } from "../../src/engine/catchup-settings.ts";
import { type CatchupSetting, catchupFrom, catchupFromFile, type Dag, dag } from "../../src/index.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { grid, hour, minute } from "../schedule/grid.ts";
import { openEngine, type TestEngine } from "../test-engine.ts";

const every = "5m";
const ids = ["file", "table", "plain"] as const;
type Id = (typeof ids)[number];

const setting: fc.Arbitrary<CatchupSetting> = fc.oneof(
  fc.boolean(),
  fc.record({ maxRuns: fc.integer({ min: 1, max: 4 }) }),
);
const step = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant("write" as const), setting, way: fc.nat(2) }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant("spoil" as const), way: fc.nat(4) }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant("answer" as const), setting: fc.option(setting) }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant("fail" as const) }), weight: 1 },
  {
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      dagId: fc.constantFrom(...ids),
      setting: fc.option(setting),
    }),
    weight: 3,
  },
  { arbitrary: fc.record({ do: fc.constant("recode" as const), setting }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constantFrom("restart", "swap") }), weight: 2 },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const folder = mkdtempSync(join(tmpdir(), "millrace-catchup-story-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the settings of three DAGs are, by rules told again; and everything that is to be recorded of them. */
class Model {
  readonly events: unknown[] = [];
  /** What each source says now: `undefined` for its default, `broken` when it cannot be read. */
  readonly says: Record<"file" | "table", CatchupSetting | "broken" | undefined> = {
    file: undefined,
    table: undefined,
  };
  readonly set: Partial<Record<Id, CatchupSetting>> = {};
  readonly read: Partial<Record<Id, CatchupSetting>> = {};
  code: CatchupSetting = false;
  /** The DAG `file` has its settings in the code at present. */
  isSwapped = false;
  readonly held: Record<Id, CatchupSetting> = { file: false, table: false, plain: false };

  hasSource(id: Id): id is "file" | "table" {
    return id === "table" || (id === "file" && !this.isSwapped);
  }

  holds(id: Id): CatchupSetting {
    const ofCode = id === "plain" ? this.code : false;
    return this.set[id] ?? (this.hasSource(id) ? this.read[id] : undefined) ?? ofCode;
  }

  /** Works in what the sources say; `by` is who else may have changed something. */
  follow(by: string, isSilent = false): void {
    for (const id of ids) {
      let who = by;
      const says = this.hasSource(id) ? this.says[id] : "broken";
      if (says !== "broken") {
        this.read[id] = says ?? false;
        if (this.set[id] === undefined && by === "code") who = id === "file" ? "catchup.yaml" : id;
      }
      const now = this.holds(id);
      if (!isSilent && JSON.stringify(now) !== JSON.stringify(this.held[id]))
        this.events.push([id, { old: this.held[id], new: now, by: who }]);
      this.held[id] = now;
      // Nothing is kept of a DAG whose code alone decides.
      if (!this.hasSource(id) && this.set[id] === undefined) delete this.read[id];
    }
  }
}

class World {
  readonly clock = new ManualClock(Date.parse("2026-10-22T00:00:01Z"));
  readonly database = memoryDatabase();
  readonly path = join(folder, "catchup.yaml");
  readonly model: Model;
  opened!: TestEngine;

  constructor(model: Model) {
    this.model = model;
    rmSync(this.path, { recursive: true, force: true });
    writeFileSync(this.path, "default: false");
  }

  dags(): Dag[] {
    const { model } = this;
    const file = model.isSwapped ? false : catchupFromFile(this.path, { every });
    const table = catchupFrom(
      () => {
        if (model.says.table === "broken") throw new Error("down");
        return model.says.table;
      },
      { name: "table", every },
    );
    const catchups = { file, table, plain: model.code };
    return ids.map((id) =>
      dag(id, { schedule: grid(hour), startDate: "2026-10-22", maxActiveRuns: 100, catchup: catchups[id] }, (d) => {
        d.empty("t");
      }),
    );
  }

  async open(): Promise<void> {
    const { clock, database } = this;
    this.opened = await openEngine({
      dags: this.dags(),
      clock,
      store: memoryStore({ database }),
      onNotice: () => undefined,
    });
    await clock.drive(this.opened.engine.start());
  }

  async close(): Promise<void> {
    await this.opened[Symbol.asyncDispose]();
  }

  write(text: string, way: number): void {
    rmSync(this.path, { recursive: true, force: true });
    if (way === 0) writeFileSync(this.path, text);
    else if (way === 1) {
      writeFileSync(`${this.path}.new`, text);
      renameSync(`${this.path}.new`, this.path);
    } else {
      // The first half is there when it is looked at, the rest comes while that rests.
      writeFileSync(this.path, text.slice(0, text.length / 2));
      void this.clock.sleep(5 * minute + 100).then(() => writeFileSync(this.path, text));
    }
  }

  spoil(way: number): void {
    rmSync(this.path, { recursive: true, force: true });
    if (way === 0) mkdirSync(this.path);
    else if (way < 4)
      writeFileSync(this.path, ["dags: { file: tru", "default: yes", "", " ".repeat(300_000)][way] as string);
  }

  async take(one: Step): Promise<void> {
    const { model, clock, opened } = this;
    let by = "code";
    switch (one.do) {
      case "write":
        this.write(`# ${"x".repeat(50)}\ndags: { file: ${JSON.stringify(one.setting)} }`, one.way);
        model.says.file = one.setting;
        break;
      case "spoil":
        this.spoil(one.way);
        model.says.file = "broken";
        break;
      case "answer":
        model.says.table = one.setting ?? undefined;
        break;
      case "fail":
        model.says.table = "broken";
        break;
      case "set":
        if (one.setting === null) delete model.set[one.dagId];
        else model.set[one.dagId] = one.setting;
        by = "somebody";
        await clock.drive(opened.engine.setCatchup(one.dagId, one.setting, { by }));
        break;
      case "recode":
        model.code = one.setting;
        if (model.set.plain === undefined) model.held.plain = one.setting;
        await clock.drive(opened.engine.replaceDags({ put: [this.dags()[2]] }));
        break;
      case "swap":
        model.isSwapped = !model.isSwapped;
        await clock.drive(opened.engine.replaceDags({ put: [this.dags()[0]] }));
        break;
      case "restart":
        await this.close();
        await this.open();
        break;
    }
    await clock.advance(10 * minute + 1_000);
    model.follow(by);
  }

  /** How many runs each DAG is given for five hours in which it was paused: what the scheduler goes by. */
  async runsOfFiveHours(): Promise<number[]> {
    const { clock, opened } = this;
    const { engine } = opened;
    for (const id of ids) await clock.drive(engine.pause(id));
    const before = await Promise.all(ids.map(async (dagId) => (await engine.runs({ dagId, limit: 10_000 })).length));
    await clock.advance(5 * hour);
    for (const id of ids) await clock.drive(engine.unpause(id));
    await clock.settle();
    const after = await Promise.all(ids.map(async (dagId) => (await engine.runs({ dagId, limit: 10_000 })).length));
    return after.map((count, place) => count - before[place]);
  }
}

test("whatever happens to sources, code, store and engine, what holds and what is recorded is what the rules say", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const model = new Model();
      const world = new World(model);
      await world.open();
      model.follow("code");
      try {
        for (const one of steps) {
          await world.take(one);
          for (const [place, made] of world.dags().entries()) {
            const { setting: held } = await readCatchup(world.opened.store, made);
            expect([ids[place], held]).toEqual([ids[place], model.holds(ids[place])]);
          }
          const events = await world.opened.engine.events({ limit: 10_000 });
          const changes = events.filter(({ kind }) => kind === "dag.catchup_changed");
          const told = changes.map(({ dagId, data }) => [dagId, JSON.parse(data ?? "")]);
          const byDag = (list: readonly unknown[]) => ids.map((id) => list.filter((one) => (one as Id[])[0] === id));
          expect(byDag(told)).toEqual(byDag(model.events));
        }
        const expected = ids.map((id) => {
          const holds = model.holds(id);
          return holds === true ? 5 : holds === false ? 1 : (holds as { maxRuns: number }).maxRuns;
        });
        expect(await world.runsOfFiveHours()).toEqual(expected);
      } finally {
        await world.close();
      }
    }),
    { numRuns: Number(process.env["MILLRACE_SOAK"] ? 2_000 : 40) },
  );
});
