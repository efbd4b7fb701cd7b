import { isRunFinished, type Outcome, type RunState, type UpdateRun } from "@millrace/core/plugin";
import { byStates } from "../statements.ts";
import { done, refused, type Writer } from "./writer.ts";

export function runUpdater({ sql, events, backfills }: Writer): (change: UpdateRun) => Outcome {
  const find = sql.get("SELECT state, backfill_no AS backfillNo FROM runs WHERE run_no = ?");
  const updates = byStates((from, states) => ({
    // Only a run that may have ended has to be looked at first.
    lookBefore: states.some((state) => isRunFinished(state as RunState)) ? find : undefined,
    queue: sql.get(
      `UPDATE runs SET state = ?, note = ?, ended_at = NULL, started_at = NULL WHERE run_no = ? AND state IN (${from})`,
    ),
    start: sql.get(
      `UPDATE runs SET state = ?, note = ?, ended_at = NULL, started_at = coalesce(started_at, ?) WHERE run_no = ? AND state IN (${from})`,
    ),
    end: sql.get(`UPDATE runs SET state = ?, note = ?, ended_at = ? WHERE run_no = ? AND state IN (${from})`),
  }));
  return (change) => {
    const { runNo, to, note, at } = change;
    const { queue, start, end, lookBefore } = updates(change.from);
    const before = lookBefore?.get(runNo);
    const backfillNo = before === undefined ? backfills.ofActive(runNo) : before.backfillNo;
    const { changes } = isRunFinished(to)
      ? end.run(to, note, at, runNo)
      : to === "running"
        ? start.run(to, note, at, runNo)
        : queue.run(to, note, runNo);
    if (changes === 1) {
      const seq = events.write(change, at);
      if (isRunFinished(to)) events.spans.end(runNo, seq);
      else events.spans.begin(runNo, seq);
      if (backfillNo != null)
        backfills.move(runNo, Number(backfillNo), (before?.state as RunState | undefined) ?? "queued", to);
      return done(seq);
    }
    const row = find.get(runNo);
    return refused(row === undefined ? "there is no such run" : `the run is ${row.state}`);
  };
}
