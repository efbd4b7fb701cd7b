import { isRunFinished, type Outcome, type ReprocessRun, type RunState } from "@millrace/core/plugin";
import { itemTaker, takingGuard } from "./backfill-runs.ts";
import { keepLastNumbers } from "./last-numbers.ts";
import { done, flushRecords, refused, type Writer } from "./writer.ts";

/** Has a run that has ended run again for a backfill, with the tasks of a version. */
export function runReprocessor(writer: Writer): (change: ReprocessRun) => Outcome {
  const { sql, events } = writer;
  const find = sql.get("SELECT dag_no AS dagNo, state, type, version_no AS versionNo FROM runs WHERE run_no = ?");
  const findVersion = sql.get("SELECT dag_no AS dagNo FROM dag_versions WHERE version_no = ?");
  const update = sql.get(
    `UPDATE runs SET backfill_no = ?1, type = 'backfill', version_no = ?2, state = 'queued', note = NULL, started_at = NULL,
       ended_at = NULL, params = coalesce(item.params, runs.params), conf = coalesce(item.conf, runs.conf)
     FROM (SELECT params, conf FROM backfill_items WHERE backfill_no = ?1 AND item_no = ?3) AS item WHERE run_no = ?4`,
  );
  const whyNot = takingGuard(writer);
  const take = itemTaker(writer);
  const remake = taskRemaker(writer);
  return (change) => {
    const { runNo, backfillNo, itemNo, versionNo, at } = change;
    const run = find.get(runNo);
    if (run === undefined) return refused("there is no such run");
    const state = run.state as RunState;
    if (!isRunFinished(state)) return refused(`the run is ${state}`);
    if (run.type !== "scheduled" && run.type !== "backfill") return refused("the run does not own its logical date");
    if (findVersion.get(versionNo)?.dagNo !== run.dagNo) return refused("there is no such version of the DAG");
    const refusal = whyNot(change, Number(run.dagNo));
    if (refusal !== undefined) return refusal;
    remake(change, Number(run.versionNo));
    update.all(backfillNo, versionNo, itemNo, runNo);
    const seq = events.write(change, at);
    events.spans.begin(runNo, seq);
    take(change, runNo, "queued");
    return done(seq);
  };
}

function taskRemaker(writer: Writer): (change: ReprocessRun, oldVersionNo: number) => void {
  const { sql, last } = writer;
  // A mapped task has the same instance before it is expanded and, as index 0, afterwards.
  const insert = sql.get(
    `INSERT INTO task_instances (task_instance_no, run_no, task_no, attempt, uncounted)
     SELECT ?1 + tasks.task_no, ?2, tasks.task_no + ?5, coalesce(old.attempt, 0), coalesce(old.attempt, 0)
     FROM tasks LEFT JOIN tasks AS before ON before.version_no = ?4 AND before.task_id = tasks.task_id
     LEFT JOIN task_instances AS old ON old.run_no = ?2 AND old.task_no = before.task_no AND old.map_index <= 0
     WHERE tasks.version_no = ?3 ORDER BY tasks.task_no`,
  );
  const handOver = ["logs", "attempt_performance"].map((table) =>
    sql.get(
      `UPDATE ${table} SET task_instance_no = moved.after_no
       FROM (SELECT old.task_instance_no AS before_no, ?1 + tasks.task_no AS after_no
             FROM task_instances AS old JOIN tasks AS before ON before.version_no = ?4 AND before.task_no = old.task_no
             JOIN tasks ON tasks.version_no = ?3 AND tasks.task_id = before.task_id
             WHERE old.run_no = ?2 AND old.map_index <= 0 AND old.task_instance_no < ?1) AS moved
       WHERE ${table}.task_instance_no = moved.before_no`,
    ),
  );
  const old = "SELECT task_instance_no FROM task_instances WHERE run_no = ?2 AND task_instance_no < ?1";
  const removals = ["xcoms", "xcom_reads", "logs", "attempt_performance", "task_instances"].map((table) =>
    sql.get(`DELETE FROM ${table} WHERE task_instance_no IN (${old})`),
  );
  const place = sql.get("UPDATE task_instances SET task_no = task_no - ?2 WHERE run_no = ?1");
  const keepNumbers = keepLastNumbers(writer);
  return ({ runNo, versionNo }, oldVersionNo) => {
    flushRecords(writer);
    const first = last.taskInstanceNo + 1;
    // Beside the old ones until these are gone.
    const { changes } = insert.run(first, runNo, versionNo, oldVersionNo, beside);
    last.taskInstanceNo += Number(changes);
    for (const move of handOver) move.all(first, runNo, versionNo, oldVersionNo);
    for (const removal of removals) removal.all(first, runNo);
    place.all(runNo, beside);
    keepNumbers();
  };
}

/** More tasks than a DAG can have. */
const beside = 1_000_000_000;
