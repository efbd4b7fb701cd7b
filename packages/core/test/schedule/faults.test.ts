import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DagOptions, dag } from "../../src/index.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { type Fault, type FaultPlan, faultyStore } from "../faulty-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine } from "../test-engine.ts";
import { day, grid, hour, minute } from "./grid.ts";

const midnight = Date.parse("2026-10-22T00:00:00Z");

function hourly(id: string, options: DagOptions, attempts: Map<string, number>) {
  return dag(id, { schedule: grid(hour), startDate: "2026-10-22", ...options }, (d) => {
    const first = d.task("first", ({ run }) => {
      attempts.set(`${id} ${run.id}`, (attempts.get(`${id} ${run.id}`) ?? 0) + 1);
    });
    d.chain(first, d.empty("last"));
  });
}

/** Two DAGs that have missed five runs each, and two more as they come, over a store with faults. */
async function catchUp(plan: FaultPlan) {
  const attempts = new Map<string, number>();
  const clock = new ManualClock(midnight + 5 * hour + minute);
  const faulty = faultyStore(memoryStore());
  await using opened = await openEngine({
    dags: [
      hourly("sales", { catchup: true, maxActiveRuns: 2 }, attempts),
      hourly("stock", { catchup: { maxRuns: 3 }, dependsOnPast: true }, attempts),
    ],
    store: faulty.store,
    clock,
  });
  const [commits, reads] = [faulty.commits, faulty.reads];
  faulty.plan = {
    ...(plan.commit && { commit: (call, changes) => plan.commit?.(call - commits, changes) ?? "none" }),
    ...(plan.read && { read: (call, name) => plan.read?.(call - reads, name) ?? false }),
  };
  await clock.drive(opened.engine.start());
  await clock.advance(2 * hour);
  faulty.plan = {};
  const runs = await opened.engine.runs({ limit: 1_000 });
  const hoursOf = (id: string) => {
    const found = runs.filter(({ dagId }) => dagId === id);
    return found.map(({ logicalDate }) => (logicalDate - midnight) / hour).sort((a, b) => a - b);
  };
  return {
    sales: hoursOf("sales"),
    stock: hoursOf("stock"),
    states: new Set(runs.map(({ state }) => state)),
    attempts: [...attempts.values()],
    commits: faulty.commits - commits,
    reads: faulty.reads - reads,
  };
}

const clean = await catchUp({});

function expectClean(ended: Awaited<ReturnType<typeof catchUp>>): void {
  const { commits: _, reads: __, ...rest } = ended;
  const { commits: ___, reads: ____, ...expected } = clean;
  expect(rest).toEqual(expected);
}

describe("scheduled runs over a store with faults", () => {
  it("are as planned without any", () => {
    expect(clean).toMatchObject({ sales: [0, 1, 2, 3, 4, 5, 6], stock: [2, 3, 4, 5, 6] });
    expect(clean.states).toEqual(new Set(["success"]));
    expect(clean.attempts).toEqual(Array(12).fill(1));
    expect(clean.commits).toBeGreaterThan(15);
    expect(clean.reads).toBeGreaterThan(2);
  });

  for (const fault of ["refused", "answer lost"] as const satisfies readonly Fault[]) {
    it.for(Array.from({ length: clean.commits }, (_, n) => n + 1))(
      `are the same when commit %i is ${fault}`,
      async (n) => {
        expectClean(await catchUp({ commit: (call) => (call === n ? fault : "none") }));
      },
    );
  }

  it.for(Array.from({ length: clean.reads }, (_, n) => n + 1))("are the same when read %i fails", async (n) => {
    // The first reads are those of engine.start, which says so.
    const ended = await catchUp({ read: (call) => call === n }).catch((error: Error) => error);
    if (ended instanceof Error) expect(ended.message).toMatch(/^(runs\.active|state\.list) failed$/);
    else expectClean(ended);
  });
});

describe("scheduled runs and a clock that is set", () => {
  it.each([
    ["an hour back", -hour],
    ["an hour forward", hour],
    ["a day forward", day],
    ["a day back", -day],
  ])("%s are one for each hour by the clock on the wall, none twice", async (_, by) => {
    const clock = new ManualClock(midnight);
    const attempts = new Map<string, number>();
    await using opened = await openEngine({ dags: [hourly("sales", { catchup: true }, attempts)], clock });
    await clock.drive(opened.engine.start());
    await clock.advance(3 * hour + 10 * minute);
    clock.set(by);
    await clock.advance(26 * hour);
    const runs = await opened.engine.runs({ limit: 1_000 });
    const hours = runs.map(({ logicalDate }) => (logicalDate - midnight) / hour).sort((a, b) => a - b);
    const last = Math.max(Math.floor((clock.now() - midnight) / hour), 3);
    expect(hours).toEqual(Array.from({ length: last }, (_, n) => n));
    expect([...attempts.values()].every((count) => count === 1)).toBe(true);
  });
});

type Step =
  | { readonly do: "advance"; readonly minutes: number }
  | { readonly do: "restart" | "pause" | "unpause" | "replace" }
  | { readonly do: "set"; readonly minutes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({ do: fc.constant("advance" as const), minutes: fc.integer({ min: 1, max: 400 }) }),
    weight: 4,
  },
  { arbitrary: fc.record({ do: fc.constantFrom("restart", "pause", "unpause", "replace") }), weight: 3 },
  {
    arbitrary: fc.record({ do: fc.constant("set" as const), minutes: fc.integer({ min: -100, max: 100 }) }),
    weight: 1,
  },
) as fc.Arbitrary<Step>;

it("with catchup, whatever happens to the engine and its clock, every hour has its run in the end, once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, maxActiveRuns) => {
        const clock = new ManualClock(midnight + 7 * minute);
        const database = memoryDatabase();
        const attempts = new Map<string, number>();
        const open = async () => {
          const one = hourly("sales", { catchup: true, maxActiveRuns }, attempts);
          const next = await openEngine({ dags: [one], clock, store: memoryStore({ database }) });
          await clock.drive(next.engine.start());
          return next;
        };
        let opened = await open();
        let furthest = clock.now();
        for (const action of steps) {
          const { engine } = opened;
          if (action.do === "advance") await clock.advance(action.minutes * minute);
          else if (action.do === "set") clock.set(action.minutes * minute);
          else if (action.do === "pause") await clock.drive(engine.pause("sales"));
          else if (action.do === "unpause") await clock.drive(engine.unpause("sales"));
          else if (action.do === "replace") {
            const changed = hourly("sales", { catchup: true, maxActiveRuns, doc: `${clock.now()}` }, attempts);
            await clock.drive(engine.replaceDags({ put: [changed] }));
          } else {
            await opened[Symbol.asyncDispose]();
            opened = await open();
          }
          furthest = Math.max(furthest, clock.now());
        }
        await clock.drive(opened.engine.unpause("sales"));
        await clock.advance(2 * minute);
        furthest = Math.max(furthest, clock.now());
        const runs = (await opened.engine.runs({ limit: 1_000 })).toReversed();
        const hours = runs.map(({ logicalDate }) => (logicalDate - midnight) / hour);
        await opened[Symbol.asyncDispose]();
        const due = Math.floor((clock.now() - midnight) / hour);
        const most = Math.floor((furthest - midnight) / hour);
        expect(hours).toEqual(hours.map((_, n) => n));
        expect(hours.length).toBeGreaterThanOrEqual(due);
        expect(hours.length).toBeLessThanOrEqual(most);
        expect(runs.every(({ state }) => state === "success")).toBe(true);
        expect([...attempts.values()].every((count) => count === 1)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});
