import type { Outcome } from "@millrace/core/plugin";
import type { DatabaseSync } from "../node-sqlite.ts";
import type { Statements } from "../statements.ts";
import type { EventWriter } from "./event-writer.ts";

/** What every change is applied with: the connection, its statements, and what the one writer knows by heart. */
export interface Writer {
  readonly db: DatabaseSync;
  readonly sql: Statements;
  readonly events: EventWriter;
  /** The last number given out of each kind; put back when a group fails. */
  readonly last: { runNo: number; taskInstanceNo: number; logNo: number };
  /**
   * Task instances whose very first attempt was started by this writer and has not ended: they cannot have an XCom yet,
   * so that none needs to be looked for when the attempt replaces them.
   */
  readonly firstAttempts: Set<number>;
  /** Versions of DAGs never change; those seen in a stored group are known by heart. */
  readonly dagNoOfVersion: Map<number, number>;
}

export function done(eventSeq: number): Outcome {
  return { status: "done", eventSeq };
}

export function refused(reason: string): Outcome {
  return { status: "refused", reason };
}

/** The outcome of a change that writes no event. */
export const silent: Outcome = Object.freeze({ status: "done", eventSeq: 0 });
