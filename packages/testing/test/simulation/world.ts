import type { Dag } from "@millrace/core";
import { type Executor, localExecutor } from "@millrace/core/engine";
import { isMillraceError, type MemoryDatabase, memoryDatabase, memoryStore, type Store } from "@millrace/core/plugin";
import fc from "fast-check";
import { arbitraryDagPlan, type DagPlan, dagOfPlan } from "../../src/arbitraries.ts";
import { ManualClock } from "../../src/clock/manual-clock.ts";
import { type FaultPlan, type FaultyStore, faultyStore } from "../../src/doubles/faulty-store.ts";
import { recordingExecutor } from "../../src/doubles/recording-executor.ts";
import { seededNumbers } from "../../src/doubles/seeded-numbers.ts";
import { createTestEngine, type TestEngine } from "../../src/engine/test-engine.ts";

/** A request that an engine has answered: whatever happens later, its run is there. */
export interface Promised {
  readonly dagId: string;
  readonly runId: string;
  readonly idempotencyKey: string | undefined;
}

/** Everything that one seed makes and moves. */
export class World {
  readonly clock = new ManualClock();
  readonly database: MemoryDatabase = memoryDatabase();
  readonly plans: readonly DagPlan[];
  readonly dags: readonly Dag[];
  readonly concurrency: number;
  /** What was done, for people. */
  readonly story: string[] = [];
  readonly promised: Promised[] = [];
  /** Runs that somebody wanted cleared, retried or marked, as `dag run`: such a run may go on after its end. */
  readonly operated = new Set<string>();
  /** Attempts that began, as `dag run task index attempt`. */
  readonly began = new Set<string>();
  /** How many attempts an executor had at once, at most. */
  mostUnderWay = 0;
  /** Engines that were opened. Each may lose the attempts of the one before. */
  engines = 0;
  readonly #numbers: () => number;
  #faults: FaultPlan = {};
  #store: FaultyStore | undefined;
  #test: TestEngine | undefined;
  #reader: Store | undefined;

  constructor(seed: number) {
    this.#numbers = seededNumbers(seed);
    this.plans = fc.sample(arbitraryDagPlan(), { seed, numRuns: 2 });
    this.dags = this.plans.map((plan, number) =>
      dagOfPlan(plan, {
        id: `dag${number}`,
        onAttempt: (_, { dag, run, task, attempt }) =>
          this.began.add([dag.id, run.id, task.id, task.mapIndex, attempt].join(" ")),
      }),
    );
    this.concurrency = 1 + this.below(6);
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.#numbers() * count);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  chance(share: number): boolean {
    return this.#numbers() < share;
  }

  get test(): TestEngine {
    if (!this.#test) throw new Error("no engine is open");
    return this.#test;
  }

  get hasEngine(): boolean {
    return this.#test !== undefined;
  }

  /** Reads the same rows beside any engine. */
  async reader(): Promise<Store> {
    this.#reader ??= memoryStore({ database: this.database });
    await this.#reader.open("reader");
    return this.#reader;
  }

  /** Opens the next engine on the same rows; the faults stay as they are. */
  async open(): Promise<void> {
    this.engines++;
    // A store that fails while it is opened is a start that fails: not what is looked at here.
    const faulty = faultyStore(memoryStore({ database: this.database }));
    this.#store = faulty;
    this.#test = await createTestEngine({
      dags: this.dags,
      clock: this.clock,
      store: faulty.store,
      randomness: { hex: (bytes) => Array.from({ length: bytes * 2 }, () => this.below(16).toString(16)).join("") },
      executor: this.#executor(),
      storePatience: "2m",
    });
    faulty.plan = this.#faults;
    // A host starts again when the store could not be read.
    for (let tries = 0; this.#test && (await this.ask((engine) => engine.start())) === "not read"; tries++) {
      if (tries > 20) faulty.plan = {};
    }
    if (this.#test) return;
    // Its store failed for longer than its patience: the next one finds a store that works.
    this.setFaults({});
    await this.open();
  }

  #executor(): Executor {
    const inner = recordingExecutor(localExecutor({ concurrency: this.concurrency }));
    return {
      ...inner,
      submit: (job) => {
        // An attempt that is over at once counts too: it has a slot as long as it is made.
        this.mostUnderWay = Math.max(this.mostUnderWay, inner.underWay().length + 1);
        inner.submit(job);
      },
    };
  }

  /** Ends the engine: as a program does that closes it, or as the death of its process. */
  async end(how: "closed" | "killed"): Promise<void> {
    const test = this.#test;
    this.#test = undefined;
    if (how === "killed") this.database.crash();
    await test?.close();
  }

  setFaults(plan: FaultPlan): void {
    this.#faults = plan;
    if (this.#store) this.#store.plan = plan;
  }

  /**
   * Asks the engine for something and lets as much time pass as that needs. `not read` when what it asks for first could not
   * be read; `stopped` when the engine is no more, because its store failed for longer than its patience.
   */
  async ask<T>(request: (engine: TestEngine["engine"]) => Promise<T>): Promise<T | "not read" | "stopped"> {
    const answer = request(this.test.engine);
    try {
      return await this.clock.drive(answer);
    } catch (error) {
      if (isPlannedReadFault(error)) return "not read";
      if (!isMillraceError(error, "ENGINE_STOPPED")) throw error;
      await this.end("closed");
      return "stopped";
    }
  }
}

function isPlannedReadFault(error: unknown): boolean {
  return error instanceof Error && !isMillraceError(error) && / failed$/.test(error.message);
}
