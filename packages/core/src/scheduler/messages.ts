import type { MillraceError } from "../errors.ts";
import type { JobOutcome } from "../runtime/job.ts";
import type { BackfillPlace, Change, Outcome, PutState } from "../store/contract.ts";
import type { Catchup, CatchupOrigin } from "../timetable/catchup.ts";
import type { Instance } from "./live-run.ts";
import type { LiveVersion } from "./live-version.ts";
import type { Operation, OperationResult } from "./operations/operation.ts";
import type { CatchupSet, RunAnswer, RunRequest } from "./requests.ts";

/**
 * Something that happened and has to be worked into the state. After a failed commit messages are worked in again, so they
 * name runs and attempts by number; one that holds an object of a run that was rebuilt meanwhile is dropped.
 */
export type Message =
  | { readonly kind: "finished"; readonly token: number; readonly outcome: JobOutcome }
  | CreateMessage
  | FoundMessage
  | { readonly kind: "activate"; readonly runNo: number }
  | AdoptMessage
  | {
      readonly kind: "expanded";
      readonly runNo: number;
      readonly taskNo: number;
      readonly elements: readonly unknown[] | undefined;
      readonly error: unknown;
    }
  | { readonly kind: "wake"; readonly instance: Instance }
  | { readonly kind: "timeout"; readonly token: number }
  | { readonly kind: "run-timeout"; readonly runNo: number }
  | DeadlineMessage
  | CancelMessage
  | SignalMessage
  | OperateMessage
  | PauseMessage
  | FailedMessage
  | SetPoolMessage
  | ReplacedMessage
  | ScheduleMessage
  | { readonly kind: "due"; readonly dagId: string }
  | JudgedMessage
  | ReprocessMessage
  | CatchupMessage
  | WriteMessage
  | { readonly kind: "poke" };

/** A run or tasks of it should have ended by this instant. */
export interface DeadlineMessage {
  readonly kind: "deadline";
  readonly runNo: number;
  readonly at: number;
}

export interface CreateMessage {
  readonly kind: "create";
  readonly request: RunRequest;
  /** When it was sent to the store. More than one: the answer to the first may have been lost. */
  readonly sentAt: number[];
  readonly resolve: (answer: RunAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** A request for a run met one that was there already. */
export interface FoundMessage {
  readonly kind: "found";
  readonly create: CreateMessage;
  readonly runNo: number;
  readonly by: "run_id" | "logical_date" | "idempotency_key";
  readonly reject: (error: unknown) => void;
}

/** A run is taken over from the store, unless memory has it. */
export interface AdoptMessage {
  readonly kind: "adopt";
  readonly runNo: number;
  /** `stale`: what memory has of it is wrong. `rebuilt`: memory had it before a commit failed. */
  readonly why: "wanted" | "stale" | "rebuilt";
  /** Told why the run cannot go on. */
  readonly refuse?: (error: MillraceError) => void;
  readonly resolve?: () => void;
  readonly reject?: (error: unknown) => void;
}

export interface CancelMessage extends Asked {
  readonly kind: "cancel";
  readonly runNo: number;
  readonly reason: string;
  /** Set once this request has found the run active: the answer stays true when it is worked in again. */
  wasActive: boolean;
  readonly resolve: (wasActive: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** Who asked for something: a request in the store, which is answered in the group that does it. */
export interface Asked {
  readonly requestNo: number | null;
}

/** A person works on a run. Has a tick of its own: what it is planned on is what the store holds. */
export interface OperateMessage extends Asked {
  readonly kind: "operate";
  readonly runNo: number;
  readonly operation: Operation;
  /** Nothing is changed: the result tells what would be. */
  readonly isDryRun: boolean;
  /** What it came to when it was first worked in; stays the answer when that has to be done again. */
  result: OperationResult | undefined;
  readonly resolve: (result: OperationResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface SignalMessage extends Asked {
  readonly kind: "signal";
  readonly event: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface PauseMessage extends Asked {
  readonly kind: "pause";
  readonly dagId: string;
  readonly paused: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A run of a DAG failed that is paused after so many in a row. */
export interface FailedMessage {
  readonly kind: "failed";
  readonly dagId: string;
  readonly dagNo: number;
  readonly limit: number;
}

export interface SetPoolMessage extends Asked {
  readonly kind: "set-pool";
  readonly pool: string;
  readonly slots: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** DAGs have new versions: their limits may have room now. Others are there no more. */
export interface ReplacedMessage {
  readonly kind: "replaced";
  readonly dagIds: readonly string[];
  readonly removed: readonly string[];
}

/** From now on runs are made when they are due. */
export interface ScheduleMessage {
  readonly kind: "schedule";
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A run that has ended is to run again for an item of a backfill. */
export interface ReprocessMessage {
  readonly kind: "reprocess";
  readonly runNo: number;
  readonly place: BackfillPlace;
  readonly version: LiveVersion;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Which of the runs that a DAG missed are to be made. */
export interface JudgedMessage {
  readonly kind: "judged";
  readonly dagId: string;
  readonly judgement: number;
  /** No interval starts before this; `null`: nothing is left out. */
  readonly floor: number | null;
  /** Why nothing can be made. */
  readonly error: unknown;
}

/** A catchup setting that is to hold for a DAG. */
export interface CatchupWish extends Asked {
  readonly catchup: Catchup;
  /** What held when that was recorded last. */
  readonly before: Catchup;
  readonly from: CatchupOrigin;
  readonly source: string | null;
  /** Who made the change, for people. */
  readonly by: string;
  /** Stored in the same group. */
  readonly change: PutState | undefined;
}

export interface CatchupMessage extends CatchupWish {
  readonly kind: "catchup";
  readonly dagId: string;
  /** How often it was sent to the store. More than once: the answer to the first may have been lost. */
  sent: number;
  readonly resolve: (set: CatchupSet) => void;
  readonly reject: (error: unknown) => void;
}

/** A change that concerns no run: state of a task, a piece of a stream, an event. */
export interface WriteMessage {
  readonly kind: "write";
  readonly change: Change;
  /** How often it was sent to the store. More than once: the answer to the first may have been lost. */
  sent: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}
