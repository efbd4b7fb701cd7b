import { z } from "zod";

/** How far the ledger was taken in. Kept in the DAG's state, and moved only when what it stands for is in the target. */
export const checkpointSchema = z.object({
  /** The high-water mark: every line written until then was taken in. */
  writtenUntil: z.int(),
  /** When everything was last compared, and not only what had changed. */
  fullUntil: z.int(),
  /** Who moved it. */
  runId: z.string(),
});
export type Checkpoint = z.output<typeof checkpointSchema>;

export const checkpointKey = "checkpoint";
/** Set by a validation that found a difference: the next run compares everything. */
export const suspicionKey = "suspicion";

export type ProcessingMode = "full" | "incremental";

/** What a run is to take in: lines written after `after` (`null`: from the beginning) and not after `until`. */
export interface ModeDecision {
  readonly mode: ProcessingMode;
  readonly reason: string;
  readonly after: number | null;
  readonly until: number;
}

/** A full comparison is made at least this often. */
export const fullEveryMs = 7 * 86_400_000;

/** Whether a run compares everything or takes in only what was written since the checkpoint. */
export function decideMode(given: {
  readonly asked: ProcessingMode | "auto";
  readonly checkpoint: Checkpoint | undefined;
  readonly suspicion: string | undefined;
  readonly until: number;
  readonly fullEveryMs: number;
}): ModeDecision {
  const { asked, checkpoint, suspicion, until } = given;
  const full = (reason: string): ModeDecision => ({ mode: "full", reason, after: null, until });
  if (asked === "full") return full("asked for");
  if (!checkpoint) return full("there is no checkpoint yet");
  const onlyChanges = (reason: string): ModeDecision => ({
    mode: "incremental",
    reason,
    after: checkpoint.writtenUntil,
    until: Math.max(until, checkpoint.writtenUntil),
  });
  if (asked === "incremental") return onlyChanges("asked for");
  if (suspicion !== undefined) return full(`the last validation found a difference: ${suspicion}`);
  if (until <= checkpoint.writtenUntil) return onlyChanges("this time was taken in already");
  if (until - checkpoint.fullUntil >= given.fullEveryMs) return full("a week has passed since everything was compared");
  return onlyChanges("changes since the checkpoint");
}
