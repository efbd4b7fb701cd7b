import type { NotifyKind } from "@millrace/core/plugin";
import type { NotifyFact } from "../message.ts";

/** Something that happened and that somebody may want to be told. */
export interface Occasion {
  readonly kind: NotifyKind;
  /** What it is about, for telling the same from something else. `undefined`: each one is something else. */
  readonly subject: string | undefined;
  readonly at: number;
  readonly title: string;
  readonly dagId?: string;
  readonly runId?: string;
  readonly taskId?: string;
  readonly mapIndex?: number;
  readonly backfillId?: string;
  /** Looked up only if it is told. */
  facts(): Promise<readonly NotifyFact[]>;
}
