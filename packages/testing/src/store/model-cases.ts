import type { Change, Outcome, Store } from "@millrace/core/plugin";
import { memoryDatabase, memoryStore } from "@millrace/core/plugin";
import fc from "fast-check";
import { expect } from "vitest";
import { expectTrueCounters } from "./backfill-place.ts";
import { noon } from "./changes.ts";
import { type Numbers, note, type Step } from "./model-numbers.ts";
import { anySteps, backfillSteps, taskIdsOfPrint } from "./model-steps.ts";
import { openEngine, runCase, type StoreCase, type StoreUnderTest } from "./store-case.ts";

interface Group {
  /** Lists of steps that belong together. */
  readonly steps: readonly (readonly Step[])[];
  /** Ends the group with a change that no store knows, so that nothing of it may be stored. */
  readonly fails: boolean;
  /** Closes the store after the group and opens the next one. */
  readonly restarts: boolean;
}

const groupsOf = (steps: fc.Arbitrary<readonly Step[]>): fc.Arbitrary<readonly Group[]> =>
  fc.array(
    fc.record({
      steps: fc.array(steps, { maxLength: 10 }),
      fails: fc.nat({ max: 9 }).map((n) => n === 9),
      restarts: fc.nat({ max: 9 }).map((n) => n === 9),
    }),
    { minLength: 3, maxLength: 14 },
  );

/** @param sequences - how many random ones are tried; of backfills half as many */
export const modelCases = (sequences: number): readonly StoreCase[] => [
  modelCase("random groups of changes have the same outcomes and leave the same rows", anySteps, sequences),
  modelCase("so do random groups about backfills, whose counters are always true", backfillSteps, sequences / 2),
];

function modelCase(name: string, steps: fc.Arbitrary<readonly Step[]>, numRuns: number): StoreCase {
  return {
    name,
    async run(_place, makeStore) {
      const property = fc.asyncProperty(groupsOf(steps), (groups) =>
        runCase({ name: "one sequence", run: (place) => holdAgainstModel(place, groups) }, makeStore),
      );
      await fc.assert(property, { numRuns: Math.ceil(numRuns) });
    },
  };
}

async function holdAgainstModel(place: StoreUnderTest, groups: readonly Group[]): Promise<void> {
  const database = memoryDatabase();
  const model = new Follower(() => memoryStore({ database }));
  const real = new Follower(() => place.connect());
  await model.restart();
  await real.restart();
  for (const { steps, fails, restarts } of groups) {
    expect(await real.follow(steps.flat(), fails)).toEqual(await model.follow(steps.flat(), fails));
    if (!restarts) continue;
    expect(await real.restart()).toEqual(await model.restart());
  }
  expect(await real.everything()).toEqual(await model.everything());
}

/** One of the two stores, with the numbers that it handed out. */
class Follower {
  readonly #connect: () => Store;
  #store: Store | undefined;
  readonly #numbers: Numbers = {
    dagNos: [],
    versions: [],
    runNos: [],
    requestNos: [],
    seqs: [],
    backfills: [],
    tasks: [],
  };

  constructor(connect: () => Store) {
    this.#connect = connect;
  }

  async restart(): Promise<unknown> {
    await this.#store?.close();
    this.#store = await openEngine({ connect: this.#connect });
    return this.#store.open("engine");
  }

  async follow(steps: readonly Step[], fails: boolean): Promise<unknown> {
    const store = this.#store as Store;
    const changes = steps.map((step) => step(this.#numbers));
    if (fails) {
      const failure = store.commit([...changes, { kind: "no such change" } as unknown as Change]);
      return failure.then(
        () => "stored",
        () => "not stored",
      );
    }
    const outcomes = await store.commit(changes);
    outcomes.forEach((outcome, index) => {
      note(this.#numbers, changes[index] as Change, outcome);
    });
    return outcomes.map((outcome) => this.#plain(withoutReason(outcome)));
  }

  async everything(): Promise<unknown> {
    const store = this.#store as Store;
    const { versions, runNos, requestNos, tasks, dagNos, backfills } = this.#numbers;
    await expectTrueCounters(store);
    const keys = ["k", "l", "m"];
    const all: unknown[] = [
      await store.dags.list(),
      await store.runs.list({ limit: 10_000 }),
      await store.runs.active(),
      await store.pools.list(),
    ];
    all.push(await store.events.list({ limit: 10_000 }), await store.state.list("n"), await store.state.list("o"));
    all.push(
      await store.runs.list({ dagId: "dag-0", limit: 2 }),
      await store.runs.list({ type: "scheduled", states: ["queued", "failed"] }),
    );
    for (const dagNo of dagNos) {
      for (const [endedBefore, keep] of [
        [noon + 25, null],
        [null, 1],
        [noon + 10, 3],
      ] as const) {
        const expired = await store.runs.expired({ dagNo, endedBefore, keep, limit: 10 });
        all.push(expired.map((runNo) => ({ runNo })));
      }
      all.push(
        await store.runs.ofDates({ dagNo, from: 0, to: 2 }),
        await store.runs.ofDates({ dagNo, from: 1, to: 9, limit: 1 }),
      );
    }
    all.push(await store.backfills.list({}), await store.backfills.list({ dagId: "dag-1", states: ["running"] }));
    for (const { backfillNo } of backfills)
      all.push(
        await store.backfills.items({ backfillNo }),
        await store.backfills.items({ backfillNo, states: ["pending", "success"], after: 0, limit: 2 }),
      );
    for (const { versionNo } of versions) all.push(await store.dags.version(versionNo));
    for (const key of keys) all.push(await store.settings.get(key));
    for (const streamId of ["s", "t"]) {
      for (const seq of [0, 1, 2]) all.push([...((await store.chunks.get(streamId, seq)) ?? [-1])]);
    }
    all.push(await store.xcoms.page({ limit: 10_000 }), await store.xcoms.page({ limit: 10_000, format: "envelope" }));
    all.push(await store.chunks.streams({ limit: 10 }), await store.chunks.streams({ after: "s", limit: 1 }));
    all.push(await store.tasks.running(), await store.requests.pending(), await store.requests.pending(2));
    for (const requestNo of requestNos) all.push(await store.requests.get(requestNo));
    for (const runNo of runNos) {
      all.push(await store.xcoms.readsOfRun(runNo), await store.tasks.performanceOfRun(runNo));
      all.push(await store.tasks.ofRun(runNo), await store.xcoms.ofRun(runNo), await store.events.list({ runNo }));
      const logicalDate = (await store.runs.get(runNo))?.logicalDate ?? 0;
      for (const dagNo of dagNos) {
        for (const scheduledOnly of [true, false]) {
          all.push(await store.runs.previous({ dagNo, logicalDate, runNo, scheduledOnly }));
          all.push(await store.runs.previous({ dagNo, logicalDate, runNo, scheduledOnly, state: "success" }));
        }
        for (const taskId of new Set(taskIdsOfPrint.flat())) {
          for (const mapIndex of [-1, 0, 1])
            all.push(await store.xcoms.prior({ dagNo, taskId, mapIndex, key: "k", logicalDate, runNo }));
        }
      }
    }
    const numbers = tasks.map(({ taskInstanceNo }) => taskInstanceNo);
    for (const taskInstanceNo of numbers)
      all.push(
        await store.tasks.get(taskInstanceNo),
        await store.logs.list({ taskInstanceNo }),
        await store.xcoms.ofTask(taskInstanceNo),
      );
    for (const key of keys) all.push(await store.xcoms.getMany([...numbers].reverse(), key));
    return all.map((value) => this.#plain(value));
  }

  /** The value with this store's own numbers replaced by their place in order of appearance. */
  #plain(value: unknown): unknown {
    const { dagNos, versions, runNos, requestNos, tasks, backfills } = this.#numbers;
    const places: Record<string, (no: number) => unknown> = {
      dagNo: (no) => dagNos.indexOf(no),
      versionNo: (no) => versions.findIndex(({ versionNo }) => versionNo === no),
      runNo: (no) => runNos.indexOf(no),
      taskInstanceNo: (no) => tasks.findIndex(({ taskInstanceNo }) => taskInstanceNo === no),
      firstTaskInstanceNo: (no) => tasks.findIndex(({ taskInstanceNo }) => taskInstanceNo === no),
      sourceRunNo: (no) => runNos.indexOf(no),
      sourceNo: (no) => tasks.findIndex(({ taskInstanceNo }) => taskInstanceNo === no),
      requestNo: (no) => requestNos.indexOf(no),
      backfillNo: (no) => backfills.findIndex(({ backfillNo }) => backfillNo === no),
      eventSeq: (no) => no > 0,
      seq: () => undefined,
      logNo: () => undefined,
    };
    const text = JSON.stringify(value, (name, inner: unknown) =>
      typeof inner === "number"
        ? (places[name]?.(inner) ?? (name === "seq" || name === "logNo" ? undefined : inner))
        : inner,
    );
    return text === undefined ? undefined : JSON.parse(text);
  }
}

/** Stores may word a refusal as they like. */
function withoutReason(outcome: Outcome): Outcome {
  return outcome.status === "refused" ? { status: "refused", reason: "" } : outcome;
}
