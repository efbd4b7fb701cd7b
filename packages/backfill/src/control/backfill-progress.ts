import type { BackfillRow, BackfillState } from "@millrace/core/plugin";

/** A backfill, and how far it is. Instants and times in milliseconds; plain JSON. */
export interface BackfillProgress {
  readonly backfillId: string;
  readonly dagId: string;
  readonly state: BackfillState;
  /** Why it is in this state, where there is something to say. */
  readonly note: string | null;
  readonly maxActive: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Dates, those that are skipped included. */
  readonly total: number;
  readonly skipped: number;
  /** Dates whose turn has not come. */
  readonly pending: number;
  /** Runs that are queued or running. */
  readonly active: number;
  /** Runs that have ended, however: `success + failed + cancelled`. */
  readonly done: number;
  readonly success: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Runs that ended in an hour, on average since the backfill began; 0 as long as none has. */
  readonly runsPerHour: number;
  /** When it goes on like this, pauses included: how long until all have ended. `null` when nothing tells, or nothing is left. */
  readonly etaMs: number | null;
  /** What was asked for. */
  readonly spec: StoredSpec;
}

/** What a backfill was asked to do, as it is kept for people. */
export interface StoredSpec {
  readonly from: string;
  readonly to: string;
  readonly reprocess: "none" | "failed" | "completed";
  readonly order: "forward" | "backward";
  readonly skip: readonly string[];
  readonly only: readonly string[];
  readonly digest: string;
}

/** What a row of the store says, at an instant. */
export function progressOf(row: BackfillRow, now: number): BackfillProgress {
  const { backfillId, dagId, state, note, maxActive, createdAt, startedAt, endedAt } = row;
  const { total, skipped, started, active, success, failed, cancelled } = row;
  const done = success + failed + cancelled;
  const pending = total - skipped - started;
  const elapsedMs = startedAt === null ? 0 : (endedAt ?? now) - startedAt;
  const runsPerHour = done > 0 && elapsedMs > 0 ? (done * 3_600_000) / elapsedMs : 0;
  const left = state === "cancelled" ? active : pending + active;
  return {
    backfillId,
    dagId,
    state,
    note,
    maxActive,
    createdAt,
    startedAt,
    endedAt,
    total,
    skipped,
    pending,
    active,
    done,
    success,
    failed,
    cancelled,
    runsPerHour,
    etaMs: left > 0 && runsPerHour > 0 ? (left * 3_600_000) / runsPerHour : null,
    spec: JSON.parse(row.spec) as StoredSpec,
  };
}
