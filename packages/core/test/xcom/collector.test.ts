import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collectXComs } from "../../src/xcom/collector/collect.ts";
import type { XComAddress, XComPlace } from "../../src/xcom/parts.ts";
import { CollectorHistory, type Step } from "./collector-history.ts";

const nat = fc.nat({ max: 1_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("run" as const), dag: nat }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("start" as const), at: nat }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      at: nat,
      key: fc.nat({ max: 2 }),
      isBegunOnly: fc.nat({ max: 5 }).map((number) => number === 0),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("finish" as const), at: nat, replaces: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const), at: nat }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const), at: nat }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), at: nat }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), at: nat }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("later" as const), hours: fc.integer({ min: 1, max: 30 }) }) },
);
const steps = fc.array(step, { maxLength: 40, size: "max" });

async function dangling(history: CollectorHistory): Promise<readonly string[]> {
  const kept = await history.kept();
  return [...(await history.referenced())].filter((ref) => !kept.has(ref));
}

const collect = (history: CollectorHistory, more: { readonly dryRun?: boolean } = {}) =>
  collectXComs({
    store: history.reads,
    places: [history.listing.place],
    clock: { now: () => history.now },
    removeStreams: (streamIds) => history.removeStreams(streamIds),
    ...more,
  });

describe("the collector, whatever happened and goes on happening", () => {
  test("removes nothing that a row leads to, or will; and at last everything else", async () => {
    let removed = 0;
    let removedStreams = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(steps, steps), { minLength: 1, maxLength: 4 }), async (rounds) => {
        const history = await new CollectorHistory().begin();
        for (const [before, meanwhile] of rounds) {
          for (const each of before) await history.take(each);
          const rest = [...meanwhile];
          history.listing.meanwhile = async () => {
            const next = rest.shift();
            if (next) await history.take(next);
          };
          await collect(history);
          history.listing.meanwhile = undefined;
          for (const each of rest) await history.take(each);
          expect(await dangling(history)).toEqual([]);
        }
        await history.endAll();
        history.now += 25 * 3_600_000;
        const [foreseen, streams] = await collect(history, { dryRun: true });
        const [last, lastStreams] = await collect(history);
        expect(await history.kept()).toEqual(await history.referenced());
        expect(lastStreams?.removed).toEqual(streams?.orphans);
        removedStreams += lastStreams?.removed.count ?? 0;
        expect(last).toMatchObject({
          removed: { count: (foreseen?.orphans.count ?? 0) + (foreseen?.partials.count ?? 0) },
        });
        expect(last?.error).toBeUndefined();
        removed += last?.removed.count ?? 0;
      }),
      { numRuns: 200 },
    );
    // Otherwise nothing was tried.
    expect(removed).toBeGreaterThan(100);
    expect(removedStreams).toBeGreaterThan(30);
  });
});

test("a value that is recorded while the collector looks, at whatever moment, by an attempt that then ends its run, stays", async () => {
  let moments = 0;
  for (let isReached = true; isReached; moments++) {
    const history = await new CollectorHistory().begin();
    const before: readonly Step[] = [
      { kind: "run", dag: 0 },
      { kind: "start", at: 0 },
      { kind: "put", at: 0, key: 1, isBegunOnly: false },
      { kind: "later", hours: 30 },
    ];
    for (const each of before) await history.take(each);
    let left = moments;
    isReached = false;
    history.listing.meanwhile = async () => {
      if (left-- !== 0) return;
      isReached = true;
      await history.take({ kind: "finish", at: 1, replaces: false });
      await history.take({ kind: "end", at: 0 });
    };
    await collect(history);
    expect(await dangling(history), `moment ${moments}`).toEqual([]);
  }
  expect(moments).toBeGreaterThan(2);
});

/** A run with one value that is recorded, and one that never will be; ended, and a day old. */
async function endedRun(): Promise<CollectorHistory> {
  const history = await new CollectorHistory().begin();
  const all: readonly Step[] = [
    { kind: "run", dag: 0 },
    { kind: "start", at: 0 },
    { kind: "put", at: 0, key: 1, isBegunOnly: false },
    { kind: "put", at: 0, key: 1, isBegunOnly: false },
    { kind: "finish", at: 1, replaces: false },
    { kind: "end", at: 0 },
    { kind: "later", hours: 25 },
  ];
  for (const each of all) await history.take(each);
  return history;
}

const nowhere: XComAddress = { dagId: "sales", runId: "never", taskId: "extract", mapIndex: -1, key: "rows" };

describe("the collector", () => {
  test("tells in a dry run what it would remove, and removes nothing", async () => {
    const history = await endedRun();
    const before = new Map(history.listing.kept);
    const [found] = await collect(history, { dryRun: true });
    expect(found).toMatchObject({
      place: "listed",
      isListed: true,
      found: { count: 2, sizeBytes: 6 },
      orphans: { count: 1, sizeBytes: 3 },
      removed: { count: 0, sizeBytes: 0 },
    });
    expect(history.listing.kept).toEqual(before);
  });

  test("keeps what is a day old to the millisecond less, and what was put in the future", async () => {
    const history = await endedRun();
    history.listing.begin(nowhere, history.now - 86_400_000 + 1);
    history.listing.begin(nowhere, history.now + 1);
    history.listing.begin(nowhere, Number.NaN);
    history.listing.begin(nowhere, history.now - 86_400_000);
    const [found] = await collect(history);
    expect(found).toMatchObject({ partials: { count: 1 }, removed: { count: 2 } });
  });

  test("keeps and counts what belongs to a DAG that the store has never known, unless that is named", async () => {
    const history = await endedRun();
    await history.listing.place.put(Uint8Array.of(1), { ...nowhere, dagId: "of_another" }, undefined);
    history.now += 25 * 3_600_000;
    expect((await collect(history))[0]).toMatchObject({ foreign: { count: 1 }, removed: { count: 1 } });
    const named = { store: history.store, places: [history.listing.place], scope: { dagId: "of_another" } };
    const [found] = await collectXComs({ ...named, clock: { now: () => history.now } });
    expect(found).toMatchObject({ found: { count: 1 }, foreign: { count: 0 }, removed: { count: 1 } });
  });

  test("looks only at what it is asked for, whatever the place lists", async () => {
    const history = await endedRun();
    await history.listing.place.put(Uint8Array.of(1), { ...nowhere, dagId: "stock" }, undefined);
    history.now += 25 * 3_600_000;
    const place: XComPlace = { ...history.listing.place, list: () => history.listing.place.list?.() ?? nothing() };
    const scope = { dagId: "sales", runId: "run-1", taskId: "load" };
    const more = { store: history.store, places: [place], clock: { now: () => history.now } };
    expect((await collectXComs({ ...more, scope }))[0]).toMatchObject({ found: { count: 0 } });
    expect((await collectXComs({ ...more, scope: { dagId: "stock" } }))[0]).toMatchObject({ removed: { count: 1 } });
    expect(history.listing.kept.size).toBe(2);
  });

  test("keeps what says no address, or one that is none", async () => {
    const history = await endedRun();
    const { place } = history.listing;
    const strange: readonly unknown[] = [undefined, { ...nowhere, mapIndex: "0" }, { ...nowhere, runId: 7 }];
    const listed: XComPlace = {
      ...place,
      async *list() {
        for (const address of strange)
          yield { ref: "x", address: address as XComAddress, sizeBytes: 5, createdAt: 0, isPartial: false };
      },
    };
    const [found] = await collectXComs({ store: history.store, places: [listed] });
    expect(found).toMatchObject({ unclear: { count: 3, sizeBytes: 15 }, removed: { count: 0 } });
  });

  test("keeps what a damaged row of the task may lead to", async () => {
    const history = await endedRun();
    const { place } = history.listing;
    const broken: XComPlace = {
      ...place,
      refOf: () => {
        throw new Error("hostile");
      },
    };
    const more = { store: history.store, clock: { now: () => history.now } };
    expect((await collectXComs({ ...more, places: [broken] }))[0]).toMatchObject({
      unclear: { count: 2 },
      removed: { count: 0 },
    });
  });

  test("goes on with the other places when one fails, and says what failed in which", async () => {
    const history = await endedRun();
    const { place } = history.listing;
    const list = (): AsyncIterable<never> => {
      throw new Error("no route to host");
    };
    const remove = (): Promise<void> => Promise.reject(new Error("read-only"));
    const places = [
      { ...place, name: "unreachable", list },
      { ...place, name: "read-only", remove },
      { ...place, name: "silent", list: undefined },
      place,
    ];
    const collected = await collectXComs({ store: history.store, places, clock: { now: () => history.now } });
    expect(
      collected.map(({ place: name, isListed, removed, error }) => [name, isListed, removed.count, error?.code]),
    ).toEqual([
      ["unreachable", true, 0, "XCOM_NOT_COLLECTED"],
      ["read-only", true, 0, "XCOM_NOT_COLLECTED"],
      ["silent", false, 0, undefined],
      ["listed", true, 1, undefined],
      ["store", true, 0, undefined],
    ]);
    expect(collected[1]?.error?.message).toContain("read-only");
  });

  test("removes streams whose task instance is no more, keeps those that are not named so, and only counts without hands", async () => {
    const history = await endedRun();
    const { store } = history;
    const ids = ["9999/1/abc", "1/1/abc", "a person's", "1/1/../x"];
    await store.commit(
      ids.map((streamId) => ({ kind: "putChunk", streamId, seq: 0, bytes: Uint8Array.of(1), at: 0 }) as const),
    );
    const counted = await collectXComs({ store, places: [], clock: { now: () => history.now } });
    expect(counted).toMatchObject([
      { place: "store", orphans: { count: 2 }, unclear: { count: 2 }, removed: { count: 0 } },
    ]);
    const removed: string[] = [];
    const removeStreams = async (streamIds: readonly string[]): Promise<void> => void removed.push(...streamIds);
    await collectXComs({ store, places: [], clock: { now: () => history.now }, removeStreams });
    expect(removed.sort()).toEqual(["1/1/abc", "9999/1/abc"]);
  });

  test("stops when it is told to, with the reason", async () => {
    const history = await endedRun();
    const over = new AbortController();
    history.listing.meanwhile = async () => over.abort(new Error("enough"));
    const { store, listing } = history;
    const collecting = collectXComs({
      store,
      places: [listing.place],
      clock: { now: () => history.now },
      signal: over.signal,
    });
    await expect(collecting).rejects.toThrow("enough");
    expect(listing.removals).toEqual([]);
  });

  test("removes in batches, and lets others have their turn in between", async () => {
    const history = await endedRun();
    for (let count = 0; count < 1_200; count++) history.listing.begin(nowhere, 0);
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const [found] = await collect(history);
    isOver = true;
    expect(found).toMatchObject({ partials: { count: 1_200 }, removed: { count: 1_201 } });
    expect(Math.max(...history.listing.removals)).toBeLessThanOrEqual(500);
    expect(turns).toBeGreaterThan(20);
  });
});

async function* nothing(): AsyncGenerator<never> {
  // There is nothing.
}

test("a run without its DAG, or a task without its run, is refused and does not stand for everything", async () => {
  const history = new CollectorHistory();
  const collected = (scope: object) => collectXComs({ store: history.store, places: [history.listing.place], scope });
  for (const scope of [{ runId: "r" }, { taskId: "t" }, { dagId: "d", taskId: "t" }])
    await expect(collected(scope)).rejects.toMatchObject({ code: "XCOM_SCOPE_INVALID" });
  await expect(collected({ dagId: "../x" })).rejects.toMatchObject({ code: "DAG_ID_INVALID" });
});
