import type { LiveRun } from "../scheduler/live-run.ts";
import type { Change, Outcome } from "../store/contract.ts";
import { eventOf } from "../store/events-of.ts";

/** Something that was recorded, told to observers after its commit. */
export interface EngineEvent {
  /** Number of the event in the store. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** For example `run.running`, `task.success`, `task.up_for_retry`. */
  readonly kind: string;
  readonly dagId?: string;
  readonly runNo?: number;
  readonly runId?: string;
  readonly taskId?: string;
  readonly mapIndex?: number;
  readonly attempt?: number;
  readonly data?: unknown;
}

export type EngineListener = (event: EngineEvent) => void;

/** Those who listen to the engine. A listener that throws is left alone and the engine goes on. */
export class Observers {
  readonly #listeners = new Set<EngineListener>();
  readonly #runs = new Map<number, LiveRun>();
  #ended: number[] = [];

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  add(listener: EngineListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Names for the numbers in the changes of a run come from here. */
  know(run: LiveRun): void {
    this.#runs.set(run.row.runNo, run);
  }

  /** The run has ended; its names are needed for one more group. */
  forget(runNo: number): void {
    this.#ended.push(runNo);
  }

  /** Tells what a stored group recorded, in its order. */
  emit(changes: readonly Change[], outcomes: readonly Outcome[]): void {
    if (this.isWatched) {
      changes.forEach((change, place) => {
        const outcome = outcomes[place];
        const seq = "eventSeq" in outcome ? outcome.eventSeq : 0;
        if (seq === 0) return;
        const event = this.#name(change, outcome, seq);
        if (event) for (const listener of this.#listeners) this.#tell(listener, event);
      });
    }
    for (const runNo of this.#ended) this.#runs.delete(runNo);
    this.#ended = [];
  }

  #tell(listener: EngineListener, event: EngineEvent): void {
    try {
      listener(event);
    } catch {
      // An observer's fault is its own.
    }
  }

  #name(change: Change, outcome: Outcome, seq: number): EngineEvent | undefined {
    const event = eventOf(change);
    if (!event) return undefined;
    const runNo = outcome.status === "created" ? outcome.runNo : event.runNo;
    const run = runNo === null ? undefined : this.#runs.get(runNo);
    const at = "at" in change ? change.at : change.kind === "appendEvent" ? change.event.at : 0;
    return {
      seq,
      at,
      kind: event.kind,
      ...("dagId" in change ? { dagId: change.dagId } : {}),
      ...(run ? { dagId: run.row.dagId, runId: run.row.runId } : {}),
      ...(runNo === null ? {} : { runNo }),
      ...(run && event.taskInstanceNo !== null ? run.nameOf(event.taskInstanceNo) : {}),
      ...(event.attempt === null ? {} : { attempt: event.attempt }),
      ...(event.data === null ? {} : { data: JSON.parse(event.data) as unknown }),
    };
  }
}
