import type { Change, EventRow, Outcome } from "./contract.ts";
import { eventOf } from "./events-of.ts";
import type { Transaction } from "./memory-tables.ts";

/** Writes the event that a change stands for and answers its number. */
export function writeEvent(
  tx: Transaction,
  change: Change,
  at: number,
  dagId: string | null = null,
  runNo?: number,
  backfillId?: string,
): number {
  const event = eventOf(change, backfillId);
  if (event === undefined) return 0;
  const seq = tx.tables.events.length;
  const row: EventRow = { seq, at, dagId, ...event, runNo: runNo ?? event.runNo };
  tx.append(tx.tables.events, row);
  if (row.runNo !== null) tx.append(tx.listOf(tx.tables.eventsOfRun, row.runNo), seq);
  return seq;
}

export function done(eventSeq: number): Outcome {
  return { status: "done", eventSeq };
}

/** The outcome of a change that writes no event. */
export const silent: Outcome = Object.freeze({ status: "done", eventSeq: 0 });
