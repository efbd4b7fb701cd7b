import type { StateAccessor } from "@millrace/core";
import type { Stretch } from "../source-system/read-shop.ts";

/** How far a backlog has been worked off. Kept in the DAG's state, so it survives restarts. */
export interface Recovery {
  readonly beganAt: number;
  /** Intervals that begin from here on and had ended when the recovery began belong to it. */
  readonly from: number;
  readonly periodMs: number;
  readonly done: number;
  readonly failed: number;
  /** Share of the backlog, in quarters, that people were told of. */
  readonly told: number;
}

const key = "recovery";

/** Intervals that had ended when the recovery began. */
export function backlogOf({ beganAt, from, periodMs }: Recovery): number {
  return Math.max(0, Math.floor((beganAt - from) / periodMs));
}

export function isPartOf(recovery: Recovery, { end }: Stretch): boolean {
  return end <= recovery.beganAt;
}

/**
 * Notes that an interval is being worked on. One that ended at least a whole period ago is a backlog: the recovery begins,
 * or is found to reach further back.
 */
export async function joinRecovery(
  state: StateAccessor,
  interval: Stretch,
  now: number,
): Promise<Recovery | undefined> {
  const periodMs = interval.end - interval.start;
  return change(state, (known) => {
    if (!known && now - interval.end < periodMs) return undefined;
    if (!known) return { beganAt: now, from: interval.start, periodMs, done: 0, failed: 0, told: 0 };
    return interval.start < known.from && isPartOf(known, interval) ? { ...known, from: interval.start } : known;
  });
}

/** What is to be told after an interval has come to its end. */
export interface RecoveryStep {
  readonly recovery: Recovery;
  readonly isOver: boolean;
  /** Quarters of the backlog that are done and that nobody has told yet; `undefined` if there is nothing new. */
  readonly quarter: number | undefined;
}

/** Counts an interval that came to its end, and forgets the recovery with the last one. */
export async function leaveRecovery(
  state: StateAccessor,
  interval: Stretch,
  hasFailed: boolean,
): Promise<RecoveryStep | undefined> {
  for (;;) {
    const known = (await state.get(key)) as Recovery | undefined;
    if (!known || !isPartOf(known, interval)) return undefined;
    const counted = {
      ...known,
      done: known.done + (hasFailed ? 0 : 1),
      failed: known.failed + (hasFailed ? 1 : 0),
    };
    const ended = counted.done + counted.failed;
    const total = backlogOf(counted);
    const isOver = ended >= total;
    const quarter = Math.floor((ended / total) * 4);
    const next = { ...counted, told: Math.max(known.told, quarter) };
    if (!(await state.compareAndSet(key, known, next))) continue;
    if (isOver) await state.delete(key);
    return { recovery: next, isOver, quarter: quarter > known.told ? quarter : undefined };
  }
}

async function change(
  state: StateAccessor,
  to: (known: Recovery | undefined) => Recovery | undefined,
): Promise<Recovery | undefined> {
  for (;;) {
    const known = (await state.get(key)) as Recovery | undefined;
    const next = to(known);
    if (next === known || (await state.compareAndSet(key, known, next))) return next;
  }
}

/** The recovery in one line: for logs and messages. */
export function describeRecovery(recovery: Recovery): string {
  const total = backlogOf(recovery);
  const ended = recovery.done + recovery.failed;
  const failed = recovery.failed === 0 ? "" : `, ${recovery.failed} failed`;
  return `${ended} of ${total} intervals worked off (${Math.round((ended / total) * 100)} %)${failed}`;
}
