import type { RunFacet } from "@millrace/core/plugin";
import type { Statements } from "../statements.ts";
import { capped } from "./reading.ts";

/** Where a run stands among those of its DAG that have ended: by its end, then its number. */
type Place = readonly [endedAt: number, runNo: number];

const ended = "FROM runs INDEXED BY runs_ended WHERE dag_no = ? AND ended_at IS NOT NULL";

export function expiredRuns(
  sql: Statements,
  { dagNo, endedBefore, keep, after, limit }: Parameters<RunFacet["expired"]>[0],
): readonly number[] {
  const fromEnd = sql.get(
    `SELECT ended_at AS endedAt, run_no AS runNo ${ended} ORDER BY ended_at DESC, run_no DESC LIMIT 1 OFFSET ?`,
  );
  const placeFromEnd = (offset: number): Place | undefined => {
    const row = fromEnd.get(dagNo, offset);
    return row === undefined ? undefined : [Number(row.endedAt), Number(row.runNo)];
  };
  const last = placeFromEnd(0);
  const old: Place | undefined = endedBefore === null ? undefined : [endedBefore - 1, Number.MAX_SAFE_INTEGER];
  // All expired ones are the first so many of those that have ended.
  const bound = later(old, keep === null ? undefined : placeFromEnd(Math.max(Math.floor(keep), 0)));
  if (last === undefined || bound === undefined) return [];
  const newest = sql
    .get(
      `SELECT run_no AS runNo FROM runs INDEXED BY runs_own_date WHERE dag_no = ? AND type IN ('scheduled', 'backfill')
         AND ended_at IS NOT NULL ORDER BY logical_date DESC LIMIT 1`,
    )
    .get(dagNo)?.runNo;
  const first = sql.get(
    `SELECT run_no AS runNo ${ended} AND (ended_at, run_no) <= (?, ?) AND (ended_at, run_no) > (?, ?)
     AND run_no NOT IN (?, ?)
     ORDER BY ended_at, run_no LIMIT ?`,
  );
  const { endedAt, runNo: behind } = after ?? { endedAt: Number.MIN_SAFE_INTEGER, runNo: 0 };
  return first
    .all(dagNo, ...bound, endedAt, behind, last[1], Number(newest ?? 0), capped(limit))
    .map(({ runNo }) => Number(runNo));
}

function later(a: Place | undefined, b: Place | undefined): Place | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]) ? a : b;
}
