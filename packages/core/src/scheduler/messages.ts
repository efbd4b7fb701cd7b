import type { JobOutcome } from "../runtime/job.ts";
import type { Change, Outcome } from "../store/contract.ts";
import type { Instance, LiveRun } from "./live-run.ts";
import type { StoredRun } from "./load-run.ts";
import type { RunAnswer, RunRequest } from "./requests.ts";
import type { RestoredWait } from "./restore-run.ts";

/**
 * Something that happened and has to be worked into the state. After a failed commit messages are worked in again, so they
 * name runs and attempts by number; those that hold an object of a run that was rebuilt meanwhile are dropped.
 */
export type Message =
  | { readonly kind: "finished"; readonly token: number; readonly outcome: JobOutcome }
  | CreateMessage
  | { readonly kind: "activate"; readonly runNo: number }
  | { readonly kind: "adopt"; readonly stored: StoredRun; readonly resolve: () => void }
  | { readonly kind: "resume"; readonly run: LiveRun; readonly waits: readonly RestoredWait[] }
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
  | {
      readonly kind: "cancel";
      readonly runNo: number;
      readonly reason: string;
      readonly resolve: (wasActive: boolean) => void;
      readonly reject: (error: unknown) => void;
    }
  | {
      readonly kind: "signal";
      readonly event: string;
      readonly resolve: () => void;
      readonly reject: (error: unknown) => void;
    }
  | {
      readonly kind: "write";
      readonly change: Change;
      readonly resolve: (outcome: Outcome) => void;
      readonly reject: (error: unknown) => void;
    }
  | { readonly kind: "poke" };

export interface CreateMessage {
  readonly kind: "create";
  readonly request: RunRequest;
  readonly resolve: (answer: RunAnswer) => void;
  readonly reject: (error: unknown) => void;
}
