import type { Outcome } from "@millrace/core/plugin";
import type { DatabaseSync } from "../node-sqlite.ts";
import type { Statements } from "../statements.ts";
import type { BackfillCounts } from "./backfill-counts.ts";
import type { EventWriter } from "./event-writer.ts";
import type { RowBatch } from "./row-batch.ts";

/** What every change is applied with: the connection, its statements, and what the one writer knows by heart. */
export interface Writer {
  readonly db: DatabaseSync;
  readonly sql: Statements;
  readonly events: EventWriter;
  /** The last number given out of each kind; put back when a group fails. */
  readonly last: { runNo: number; taskInstanceNo: number; logNo: number };
  readonly xcoms: RowBatch;
  readonly reads: RowBatch;
  readonly performance: RowBatch;
  readonly backfills: BackfillCounts;
  /** Versions of DAGs never change; those seen in a stored group are known by heart. */
  readonly dagNoOfVersion: Map<number, number>;
}

/** Writes the records of attempts that wait, before rows are changed that may be among them. */
export function flushRecords({ xcoms, reads, performance }: Writer): void {
  xcoms.flush();
  reads.flush();
  performance.flush();
}

/** A row of neighbours was not all alike in the database. The group is begun again, change by change. */
export class BrokenRow extends Error {}

export function done(eventSeq: number): Outcome {
  return { status: "done", eventSeq };
}

export function refused(reason: string): Outcome {
  return { status: "refused", reason };
}

/** The outcome of a change that writes no event. */
export const silent: Outcome = Object.freeze({ status: "done", eventSeq: 0 });
