/** Something that was recorded, told to those who listen after its commit. */
export interface EngineEvent {
  /** Number of the event in the store; grows with every event. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** For example `run.running`, `task.success`, `task.up_for_retry`. */
  readonly kind: string;
  readonly dagId?: string;
  readonly runNo?: number;
  readonly runId?: string;
  readonly taskId?: string;
  /** -1 for a task that is not mapped; of an event read back, that of the instance as it is now. */
  readonly mapIndex?: number;
  readonly attempt?: number;
  readonly data?: unknown;
}

/** Told one event after the other. One that returns a promise is given the next event when that has settled. */
export type EngineListener = (event: EngineEvent) => unknown;

/** Which events, and from where on. */
export interface ObserveOptions {
  /** First those of the store with a larger number, then what comes; default: only what comes. 0 is everything there is. */
  readonly after?: number;
  /** Only those of this run. */
  readonly runNo?: number;
  /** Only those of this DAG and its runs. */
  readonly dagId?: string;
}

export interface FollowOptions extends ObserveOptions {
  /** With `runNo`: end once that run has ended and all its events were given. */
  readonly untilEnd?: boolean;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
}

/** Whether somebody wants to be told this event. */
export function isWanted({ runNo, dagId }: ObserveOptions, event: EngineEvent): boolean {
  return (runNo === undefined || event.runNo === runNo) && (dagId === undefined || event.dagId === dagId);
}
