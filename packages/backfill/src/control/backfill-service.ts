import type { Dag } from "@millrace/core";
import type { Engine, EngineService, ServiceHost } from "@millrace/core/engine";
import {
  type BackfillRow,
  type BackfillState,
  coreError,
  type Randomness,
  systemRandomness,
} from "@millrace/core/plugin";
import { backfillError } from "../errors.ts";
import { type BackfillSpec, wholeNumber } from "../plan/plan-options.ts";
import { answerRequests } from "./answer-requests.ts";
import { type BackfillProgress, progressOf } from "./backfill-progress.ts";
import { BackfillRunner } from "./backfill-runner.ts";
import { type CreateBackfillOptions, createBackfill, cutOffNote } from "./create-backfill.ts";
import { type EndState, moveBackfill } from "./sure-writes.ts";
import { backfillsWithWish, writeWish } from "./wishes.ts";

/** Options of {@link backfillService}. */
export interface BackfillServiceOptions {
  /**
   * `false` only does what is asked of it, and leaves the runs to the engine that comes next: for a program that opens an
   * engine to pause a backfill, say. Default true.
   */
  readonly work?: boolean;
  /** For the ids of backfills. Default: the operating system's. */
  readonly randomness?: Randomness;
}

/** What is done to backfills, in the engine's process. */
export class BackfillDesk {
  readonly host: ServiceHost;
  readonly #options: Required<BackfillServiceOptions>;
  readonly #runners = new Map<number, BackfillRunner>();
  #isStopped = false;

  constructor(host: ServiceHost, options: Required<BackfillServiceOptions>) {
    this.host = host;
    this.#options = options;
  }

  /** Takes up what a former engine left: what was being prepared is cancelled, the rest goes on. */
  async begin(): Promise<void> {
    const { store } = this.host;
    for (const { backfillNo } of await store.backfills.list({ states: ["preparing"], limit: most }))
      await this.#move(backfillNo, ["preparing"], "cancelled", cutOffNote);
    for (const backfillNo of await backfillsWithWish(this.host, "cancel")) {
      const row = await store.backfills.get(backfillNo);
      if (row) await this.#cancelRuns(row, cancelledNote);
    }
    for (const row of await store.backfills.list({ states: ["running"], limit: most })) this.#run(row);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const runners = [...this.#runners.values()];
    for (const runner of runners) runner.stop();
    await Promise.all(runners.map(({ done }) => done));
  }

  async create(dag: Dag, spec: BackfillSpec, options: CreateBackfillOptions): Promise<BackfillProgress> {
    const backfillId = options.backfillId ?? newBackfillId(dag.id, this.#options.randomness);
    const row = await createBackfill(this.host, dag, spec, { ...options, backfillId });
    if (row.state === "running") this.#run(row);
    return this.#progress(row.backfillId);
  }

  async pause(backfillId: string): Promise<BackfillProgress> {
    const row = await this.find(backfillId);
    if (row.state !== "paused") await this.#moveOrRefuse(row, ["running"], "paused", null, "paused");
    return this.#progress(backfillId);
  }

  async resume(backfillId: string): Promise<BackfillProgress> {
    const row = await this.find(backfillId);
    if (row.state !== "running") await this.#moveOrRefuse(row, ["paused"], "running", null, "resumed");
    this.#run(row);
    return this.#progress(backfillId);
  }

  async cancel(backfillId: string, { keepRunning = false }: CancelBackfillOptions): Promise<BackfillProgress> {
    const row = await this.find(backfillId);
    const from = ["preparing", "running", "paused"] as const;
    if (row.state !== "cancelled" && !from.some((state) => state === row.state)) throw stateError(row, "cancelled");
    if (keepRunning) {
      if (row.state !== "cancelled") await this.#moveOrRefuse(row, from, "cancelled", cancelledNote, "cancelled");
      await writeWish(this.host, "retry", row.backfillNo, null);
    } else await this.#cancelRuns(row, cancelledNote);
    return this.#progress(backfillId);
  }

  /** Its failed runs are run again, as many at once as it may have active. */
  async retryFailed(backfillId: string): Promise<BackfillProgress> {
    const row = await this.find(backfillId);
    if (row.state !== "running" && row.state !== "paused" && row.state !== "completed")
      throw stateError(row, "retried");
    if (row.failed === 0) throw backfillError("BACKFILL_NOTHING_FAILED", { backfillId });
    await writeWish(this.host, "retry", row.backfillNo, -1);
    try {
      if (row.state === "completed") await this.#moveOrRefuse(row, ["completed"], "running", null, "retried");
    } catch (error) {
      await writeWish(this.host, "retry", row.backfillNo, null);
      throw error;
    }
    if (row.state !== "paused") this.#run(row);
    return this.#progress(backfillId);
  }

  async setMaxActive(backfillId: string, maxActive: number): Promise<BackfillProgress> {
    const { backfillNo } = await this.find(backfillId);
    const limit = wholeNumber("maxActive", maxActive);
    await this.host.write({ kind: "setBackfillLimit", backfillNo, maxActive: limit, at: this.host.clock.now() });
    this.#runners.get(backfillNo)?.poke();
    return this.#progress(backfillId);
  }

  /** @throws `BACKFILL_NOT_FOUND` */
  async find(backfillId: string): Promise<BackfillRow> {
    const row = await this.host.store.backfills.find(backfillId);
    if (row) return row;
    throw backfillError("BACKFILL_NOT_FOUND", { backfillId: String(backfillId).slice(0, 250) });
  }

  /** @throws `DAG_NOT_FOUND` */
  dag(dagId: string): Dag {
    const dag = this.host.dag(dagId);
    if (dag) return dag;
    throw coreError("DAG_NOT_FOUND", { dagId: String(dagId).slice(0, 200) });
  }

  async #progress(backfillId: string): Promise<BackfillProgress> {
    return progressOf(await this.find(backfillId), this.host.clock.now());
  }

  #run(row: BackfillRow): void {
    const { backfillNo } = row;
    if (this.#isStopped || !this.#options.work) return;
    const known = this.#runners.get(backfillNo);
    const begin = (): void => {
      if (this.#isStopped || this.#runners.has(backfillNo)) return;
      const runner = new BackfillRunner(this.host, row);
      this.#runners.set(backfillNo, runner);
      void runner.done.then(() => this.#runners.delete(backfillNo));
    };
    if (!known) return begin();
    // It may be about to end, because it was paused or had nothing left.
    known.poke();
    void known.done.then(async () => {
      const now = await this.host.store.backfills.get(backfillNo).catch(() => undefined);
      if (now?.state === "running") begin();
    });
  }

  /** The wish is stored before the deed, so that a crash in between is made up for. */
  async #cancelRuns(row: BackfillRow, note: string): Promise<void> {
    const { store, engine } = this.host;
    const { backfillNo } = row;
    await writeWish(this.host, "cancel", backfillNo, 0);
    await this.#move(backfillNo, ["preparing", "running", "paused"], "cancelled", note);
    for (const run of await store.runs.active())
      if (run.backfillNo === backfillNo)
        await engine.cancel(run.dagId, run.runId, `its backfill '${row.backfillId}' was cancelled`);
    await writeWish(this.host, "retry", backfillNo, null);
    await writeWish(this.host, "cancel", backfillNo, null);
  }

  async #moveOrRefuse(
    row: BackfillRow,
    from: readonly BackfillState[],
    to: EndState,
    note: string | null,
    what: string,
  ): Promise<void> {
    const why = await this.#move(row.backfillNo, from, to, note);
    if (why === undefined) return;
    const now = await this.find(row.backfillId);
    if (!from.includes(now.state)) throw stateError(now, what);
    throw backfillError("BACKFILL_CONFLICT", { dagId: row.dagId, why });
  }

  /** Why it was refused, if it was. */
  async #move(
    backfillNo: number,
    from: readonly BackfillState[],
    to: EndState,
    note: string | null,
  ): Promise<string | undefined> {
    const why = await moveBackfill(this.host, backfillNo, { from, to, note });
    this.#runners.get(backfillNo)?.poke();
    return why;
  }
}

/** Rows that are looked through when an engine starts. */
const most = 10_000;
const cancelledNote = "cancelled on request";

/** How a backfill is cancelled. */
export interface CancelBackfillOptions {
  /** Runs that are active go on to their end. Default false: they are cancelled. */
  readonly keepRunning?: boolean;
}

function stateError({ backfillId, state }: BackfillRow, what: string) {
  return backfillError("BACKFILL_STATE", { backfillId, state, what });
}

/** An id that names the DAG: `sales-1f9c3e`. */
export function newBackfillId(dagId: string, randomness: Randomness = systemRandomness): string {
  return `${dagId}-${randomness.hex(3)}`;
}

const desks = new WeakMap<Engine, BackfillDesk>();

/** What is done to the backfills of an engine in this process. @throws `BACKFILL_SERVICE_MISSING` */
export function deskOf(engine: Engine): BackfillDesk {
  const desk = desks.get(engine);
  if (desk) return desk;
  throw backfillError("BACKFILL_SERVICE_MISSING");
}

/**
 * Works backfills off beside the scheduler of an engine, and takes requests about them of this process (`backfills(engine)`)
 * and of others (`remoteBackfills`). After a crash it goes on where the store says that it was.
 *
 * @example
 * ```ts no-run
 * import { backfillService } from "@millrace/backfill";
 * import { createEngine } from "@millrace/core/engine";
 *
 * const engine = await createEngine({ services: [backfillService()] });
 * await engine.start();
 * ```
 */
export function backfillService({
  work = true,
  randomness = systemRandomness,
}: BackfillServiceOptions = {}): EngineService {
  let desk: BackfillDesk | undefined;
  return {
    name: "backfills",
    async start(host) {
      desk = new BackfillDesk(host, { work, randomness });
      // What is being prepared now was left by a former engine: nobody can ask for anything yet.
      await desk.begin();
      desks.set(host.engine, desk);
      answerRequests(desk);
    },
    stop: async () => desk?.stop(),
  };
}
