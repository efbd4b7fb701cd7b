import type { BundleAddress } from "../../config/bundles/load-bundle.ts";
import type { RunType } from "../../lifecycle/states.ts";
import type { MetricSample } from "../../observe/metrics/task-metric-sink.ts";
import type { LogLine } from "../../store/contract.ts";
import type { JobOutcome, PreviousSuccess } from "../job.ts";
import type { PlainError } from "./plain-error.ts";

/** One attempt as plain data: what a thread needs to begin. Values are texts of the XCom codec. */
export interface ThreadJob {
  /** The bundle that the DAG was loaded from. */
  readonly code: BundleAddress;
  readonly dagId: string;
  readonly taskId: string;
  readonly taskNo: number;
  readonly taskInstanceNo: number;
  readonly mapIndex: number;
  readonly attempt: number;
  readonly token: number;
  readonly isResumed: boolean;
  readonly run: {
    readonly runNo: number;
    readonly runId: string;
    readonly dagNo: number;
    readonly type: RunType;
    readonly logicalDate: number;
    readonly intervalStart: number;
    readonly intervalEnd: number;
    readonly previous: PreviousSuccess | undefined;
  };
  /** `undefined` where there are none. */
  readonly params: string | undefined;
  readonly conf: string;
  /** The engine's time, which goes on in the thread by its own measure. */
  readonly now: number;
  readonly longestResult: number | undefined;
  readonly maxValueBytes: number;
  /** The engine has no XCom parts: texts are stored as they are. */
  readonly isPlain: boolean;
}

/** From the thread to the engine. */
export type FromThread =
  | { readonly kind: "begun"; readonly threadId: number }
  | { readonly kind: "call"; readonly no: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly kind: "line"; readonly line: LogLine }
  | { readonly kind: "metric"; readonly sample: MetricSample }
  /** The attempt is over and the thread cannot be used again: something of the attempt still goes on in it. */
  | { readonly kind: "spent"; readonly outcome: PlainOutcome };

/** From the engine to the thread. */
export type ToThread =
  | { readonly kind: "answer"; readonly no: number; readonly value: unknown }
  | { readonly kind: "refusal"; readonly no: number; readonly error: PlainError }
  | { readonly kind: "abort"; readonly reason: PlainError };

/** An outcome, with what was thrown as plain data. */
export type PlainOutcome = Omit<JobOutcome, "thrown"> & { readonly thrown?: PlainError };
