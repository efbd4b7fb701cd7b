import type { Change, Outcome, Store } from "@millrace/core/plugin";
import { expect } from "vitest";
import { createRun, registerDag } from "./changes.ts";

/** What a suite is given for each of its tests: an empty place for rows, and stores that work on it. */
export interface StoreUnderTest {
  /** Another store on the same rows, not opened yet: as a second process, or the same one after a restart, would make it. */
  connect(): Store;
  /** Called when the test is over and every store of {@link connect} is closed. */
  cleanup?(): void | Promise<void>;
}

/** Makes an empty place for rows. */
export type MakeStore = () => StoreUnderTest | Promise<StoreUnderTest>;

/** One promise of the contract and how it is tried. */
export interface StoreCase {
  readonly name: string;
  /** `makeStore` makes further places, for a case that needs many. */
  run(place: StoreUnderTest, makeStore: MakeStore): Promise<void>;
}

/** A place whose stores are all closed when the test ends, whatever happened in it. */
export async function runCase(storeCase: StoreCase, makeStore: MakeStore): Promise<void> {
  const place = await makeStore();
  const connected: Store[] = [];
  try {
    const connect = (): Store => {
      const store = place.connect();
      connected.push(store);
      return store;
    };
    await storeCase.run({ connect }, makeStore);
  } finally {
    for (const store of connected) await store.close();
    await place.cleanup?.();
  }
}

/** A store that an engine has opened. */
export async function openEngine(place: StoreUnderTest): Promise<Store> {
  const store = place.connect();
  await store.open("engine");
  return store;
}

/** Commits one change and answers its outcome, which must have this status. */
export async function apply<S extends Outcome["status"]>(
  store: Store,
  change: Change,
  status: S,
): Promise<Extract<Outcome, { status: S }>> {
  const outcomes = await store.commit([change]);
  expect(outcomes).toHaveLength(1);
  expect(outcomes[0]).toMatchObject({ status });
  return outcomes[0] as Extract<Outcome, { status: S }>;
}

/** The numbers that a run is made from. */
export function numbersOf({ dagNo, versionNo }: { readonly dagNo: number; readonly versionNo: number }) {
  return { dagNo, versionNo };
}

/** A DAG `sales` of three tasks with one run `r1`. */
export async function withRun(place: StoreUnderTest) {
  const store = await openEngine(place);
  const { dagNo, versionNo } = await apply(store, registerDag(), "registered");
  const { runNo, firstTaskInstanceNo } = await apply(store, createRun({ dagNo, versionNo, runId: "r1" }), "created");
  return { store, dagNo, versionNo, runNo, firstTaskInstanceNo };
}

/** Everything of a run that can be read, to see that nothing changed. */
export async function everythingOf(store: Store, runNo: number): Promise<unknown> {
  return structuredClone({
    run: await store.runs.get(runNo),
    active: await store.runs.active(),
    tasks: await store.tasks.ofRun(runNo),
    xcoms: await store.xcoms.ofRun(runNo),
    reads: await store.xcoms.readsOfRun(runNo),
    performance: await store.tasks.performanceOfRun(runNo),
    events: await store.events.list({}),
  });
}
