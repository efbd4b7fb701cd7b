import type { Admission, Limit } from "./admission.ts";
import type { LiveDag } from "./live-dag.ts";
import type { Instance, LiveRun } from "./live-run.ts";
import type { Message } from "./messages.ts";
import type { Plan } from "./plan.ts";
import type { Progress } from "./progress.ts";
import type { SchedulerServices } from "./services.ts";
import type { Timers } from "./timers.ts";

/** What the parts of the scheduler work on together. `now` and `plan` are those of the tick under way. */
export interface Desk {
  readonly now: number;
  readonly plan: Plan;
  readonly services: SchedulerServices;
  /** Active runs, by number. */
  readonly runs: Map<number, LiveRun>;
  readonly pools: Map<string, Limit>;
  /** Holds instances that are attempted alone. */
  readonly suspects: Limit;
  readonly admission: Admission<Instance>;
  readonly timers: Timers;
  readonly progress: Progress;
  /** Has it worked in by the next tick. */
  post(message: Message): void;
  nextOrder(): number;
  /** The run is looked at at the end of the tick: it may be unable to go on. */
  check(run: LiveRun): void;
  /** Capacity of a pool from now on; makes it if need be. */
  setPool(name: string, slots: number): void;
  /** One of the DAG's scheduled runs has ended: the next may be made. */
  roomFor(dag: LiveDag): void;
  /** The DAG was paused or unpaused, or its catchup is another one. */
  scheduleChanged(dagId: string): void;
  /** The store refused what memory took for granted about this run: it is read again. */
  lostTouch(run: LiveRun): void;
}
