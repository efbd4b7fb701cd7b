import { describe, expect, test } from "vitest";
import type { EngineOptions } from "../../src/engine/create-engine.ts";
import { dag } from "../../src/index.ts";
import type { Store } from "../../src/store/contract.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { leadOf } from "../../src/xcom/collector/placed-refs.ts";
import type { XComPlace } from "../../src/xcom/parts.ts";
import { faultyStore } from "../faulty-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine, type TestEngine } from "../test-engine.ts";
import { type ListingPlace, listingPlace } from "../xcom/listing-place.ts";

const pair = dag("pair", {}, (d) => {
  const first = d.task("first", async ({ xcom }) => {
    await xcom.push("extra", [1]);
    return "one";
  });
  d.task("second", { input: first }, ({ input }) => `${input} two`);
});

interface Placed extends TestEngine {
  readonly listing: ListingPlace;
  /** What rows lead to, and the place does not have. */
  dangling(): Promise<readonly string[]>;
  names(): readonly string[];
}

async function openPlaced(
  options: Omit<Parameters<typeof openEngine>[0], "clock" | "xcom">,
  wrap = (place: XComPlace): XComPlace => place,
  xcom: EngineOptions["xcom"] = {},
): Promise<Placed> {
  const clock = new ManualClock();
  const listing = listingPlace(() => clock.now());
  const opened = await openEngine({ ...options, clock, xcom: { ...xcom, backend: [wrap(listing.place)] } });
  const { store } = opened;
  return {
    ...opened,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    listing,
    dangling: () => danglingIn(store, listing),
    names: () => [...listing.kept.values()].map(({ address }) => `${address?.taskId} ${address?.key}`).sort(),
  };
}

async function danglingIn(store: Store, { place, kept }: ListingPlace): Promise<readonly string[]> {
  const refs: string[] = [];
  for (const { runNo } of await store.runs.list({ limit: 100 }))
    for (const row of await store.xcoms.ofRun(runNo)) {
      const lead = leadOf(place, row);
      if (lead && lead !== "unclear") refs.push(lead.ref);
    }
  return refs.filter((ref) => !kept.has(ref));
}

describe("what is removed from the store has its bytes removed outside", () => {
  test("of values that a person clears, once their rows are gone", async () => {
    await using opened = await openPlaced({ dags: [pair] });
    const { runId } = await opened.run(pair);
    const runNo = (await opened.engine.runs())[0]?.runNo ?? 0;
    expect(opened.names()).toEqual(["first extra", "first return_value", "second return_value"]);
    let rows = -1;
    opened.listing.meanwhile = async () => {
      rows = (await opened.store.xcoms.ofRun(runNo)).length;
    };
    await opened.engine.clearXComs("pair", runId, { task: "first", keys: ["extra"], dryRun: true });
    await opened.clock.settle();
    expect(opened.names()).toHaveLength(3);
    await opened.clock.drive(opened.engine.clearXComs("pair", runId, { task: "first" }));
    await opened.clock.settle();
    expect([opened.names(), rows, opened.listing.removals]).toEqual([["second return_value"], 1, [2]]);
  });

  test("of tasks that a person clears or that follow them, and of mapped ones that are mapped anew", async () => {
    const mapped = dag("mapped", {}, (d) => {
      const list = d.task("list", () => [1, 2, 3]);
      d.map("each", { over: list }, ({ element }) => element);
    });
    await using opened = await openPlaced({ dags: [pair, mapped] });
    const { runId } = await opened.run(pair);
    await opened.clock.drive(opened.engine.clear("pair", runId, { tasks: ["second"] }));
    await opened.clock.settle();
    // It has run again.
    expect([opened.names(), await opened.dangling()]).toEqual([
      ["first extra", "first return_value", "second return_value"],
      [],
    ]);
    const other = await opened.run(mapped);
    expect(opened.names()).toHaveLength(7);
    await opened.clock.drive(opened.engine.clear("mapped", other.runId));
    await opened.clock.settle();
    expect([opened.names().length, await opened.dangling(), opened.listing.removals]).toEqual([7, [], [1, 4]]);
  });

  test("of values that a task clears, when its end is recorded", async () => {
    const tidy = dag("tidy", { defaults: { retries: { max: 1, delay: "1s", backoff: "fixed" } } }, (d) => {
      const makes = d.task("makes", () => "large");
      d.task("clears", async ({ xcom, attempt }) => {
        await xcom.clear({ task: "makes" });
        if (attempt === 1) throw new Error("once more");
        return "tidy";
      }).after(makes);
    });
    await using opened = await openPlaced({ dags: [tidy] });
    expect((await opened.run(tidy)).state).toBe("success");
    await opened.clock.settle();
    expect([opened.names(), await opened.dangling()]).toEqual([["clears return_value"], []]);
  });

  test.for(["refused", "answer lost"] as const)("and never before that is stored (%s)", async (fault) => {
    for (let failing = 1; failing < 6; failing++) {
      const store = memoryStore();
      const faulty = faultyStore(store);
      const lost: string[] = [];
      const looking = (place: XComPlace): XComPlace => ({
        ...place,
        remove: async (refs, call) => {
          await place.remove(refs, call);
          lost.push(...(await danglingIn(store, opened.listing)));
        },
      });
      await using opened = await openPlaced({ dags: [pair], store: faulty.store }, looking);
      const { runId } = await opened.run(pair);
      const before = faulty.commits;
      faulty.plan = { commit: (call) => (call - before <= failing ? fault : "none") };
      await opened.clock.drive(opened.engine.clear("pair", runId));
      await opened.clock.drive(opened.engine.clearXComs("pair", runId, { keys: ["extra"] }));
      await opened.clock.settle();
      expect([lost, await danglingIn(store, opened.listing)]).toEqual([[], []]);
    }
  });

  test("in batches, of a large run", async () => {
    const wide = dag("wide", {}, (d) => {
      d.task("many", async ({ xcom }) => {
        for (let number = 0; number < 1_200; number++) await xcom.push(`key-${number}`, number);
      });
    });
    await using opened = await openPlaced({ dags: [wide] });
    const { runId } = await opened.run(wide);
    await opened.clock.drive(opened.engine.clearXComs("wide", runId));
    await opened.clock.settle();
    expect([opened.names(), opened.listing.removals]).toEqual([[], [500, 500, 200]]);
  });
});

test("streams that stay in the store go with values that a person clears, also without a place", async () => {
  const streams = dag("streams", {}, (d) => {
    d.task("push", async ({ xcom }) => {
      await xcom.pushStream("bytes", [Uint8Array.of(1)] as never);
    });
  });
  await using opened = await openEngine({ dags: [streams] });
  const { runId } = await opened.run(streams);
  expect(await opened.store.chunks.streams({ limit: 10 })).toHaveLength(1);
  await opened.clock.drive(opened.engine.clearXComs("streams", runId));
  await opened.clock.settle();
  expect(await opened.store.chunks.streams({ limit: 10 })).toEqual([]);
});

describe("a place that does not remove", () => {
  test("fails nothing; it is counted, and left to the collector", async () => {
    const broken = (place: XComPlace): XComPlace => ({
      ...place,
      remove: () => Promise.reject(new Error("read-only")),
    });
    await using opened = await openPlaced({ dags: [pair] }, broken);
    const { runId } = await opened.run(pair);
    const { xcoms } = await opened.clock.drive(opened.engine.clearXComs("pair", runId));
    await opened.clock.settle();
    expect([xcoms.length, opened.names().length]).toEqual([3, 3]);
    expect(opened.engine.metrics.prometheus()).toContain(
      'millrace_xcom_errors_total{part="listed",operation="remove",code="XCOM_PART_FAILED"} 1\n',
    );
    expect((await opened.run(pair)).state).toBe("success");
  });

  test("but hangs is told to stop after the time that parts have, and then does not hold up the others", async () => {
    let isTold = false;
    const hangs = (place: XComPlace): XComPlace => ({
      ...place,
      remove: (refs, call) => {
        if (isTold) return place.remove(refs, call);
        call?.signal?.addEventListener("abort", () => {
          isTold = true;
        });
        return new Promise(() => undefined);
      },
    });
    await using opened = await openPlaced({ dags: [pair] }, hangs, { timeout: "90s" });
    const { runId } = await opened.run(pair);
    await opened.clock.drive(opened.engine.clearXComs("pair", runId, { keys: ["extra"] }));
    await opened.clock.drive(opened.engine.clearXComs("pair", runId));
    await opened.clock.advance(89_000);
    expect([isTold, opened.names().length]).toEqual([false, 3]);
    await opened.clock.advance(1_000);
    await opened.clock.settle();
    expect([isTold, opened.names()]).toEqual([true, ["first extra"]]);
  });

  test("is waited for when the engine closes, at most 10 s", async () => {
    const slow = (ms: number) => {
      const state: { clock?: ManualClock } = {};
      const wrap = (place: XComPlace): XComPlace => ({
        ...place,
        remove: async (refs, call) => {
          await state.clock?.sleep(ms);
          await place.remove(refs, call);
        },
      });
      return { state, wrap };
    };
    const closing = async (ms: number): Promise<readonly [number, number]> => {
      const { state, wrap } = slow(ms);
      const opened = await openPlaced({ dags: [pair] }, wrap);
      state.clock = opened.clock;
      const { runId } = await opened.run(pair);
      await opened.engine.clearXComs("pair", runId);
      const before = opened.clock.now();
      await opened.clock.drive(opened.engine.close());
      return [opened.clock.now() - before, opened.names().length];
    };
    expect(await closing(4_000)).toEqual([4_000, 0]);
    expect(await closing(60_000)).toEqual([10_000, 3]);
  });
});

test("without a place nothing more is read than before: not a value of what is cleared", async () => {
  const reads: string[] = [];
  const faulty = faultyStore(memoryStore(), {
    read: (_, name) => {
      reads.push(name);
      return false;
    },
  });
  const tidy = dag("tidy", {}, (d) => {
    const makes = d.task("makes", () => "large");
    d.task("clears", ({ xcom }) => xcom.clear().then(({ removed }) => removed.length)).after(makes);
  });
  await using opened = await openEngine({ dags: [pair, tidy], store: faulty.store });
  const { runId } = await opened.run(pair);
  reads.length = 0;
  await opened.clock.drive(opened.engine.clear("pair", runId, { tasks: ["second"] }));
  await opened.clock.settle();
  expect(await (await opened.run(tidy)).xcom("clears")).toBe(1);
  // What the task looks at to clear it.
  expect(reads.filter((name) => name === "xcoms.ofRun")).toHaveLength(1);
  // What 'second' takes.
  expect(reads.filter((name) => name === "xcoms.get")).toHaveLength(1);
});
