import type { DeleteEvents, DeleteLogs, DeleteRuns, DeleteXComsOfRuns, Outcome } from "@millrace/core/plugin";
import { capped } from "../facets/reading.ts";
import { keepLastNumbers } from "./last-numbers.ts";
import { flushRecords, refused, type Writer } from "./writer.ts";

/** Runs that are removed at once. */
const mostRuns = 1_000;

const numbers = "(SELECT value FROM json_each(?))";

export function runDeleter(writer: Writer): (change: DeleteRuns) => Outcome {
  const { sql, events } = writer;
  const find = sql.get(
    `SELECT r.run_no AS runNo, e.first_seq AS first, e.last_seq AS last
     FROM json_each(?) CROSS JOIN runs r ON r.run_no = json_each.value LEFT JOIN run_spans e ON e.run_no = r.run_no
     WHERE r.state IN ('success', 'failed', 'cancelled')`,
  );
  const removeEvents = sql.get(`DELETE FROM events WHERE seq BETWEEN ? AND ? AND run_no IN ${numbers}`);
  const tasks = `(SELECT task_instance_no FROM task_instances WHERE run_no IN ${numbers})`;
  const removals = [
    ...["xcoms", "xcom_reads", "attempt_performance", "logs"].map(
      (table) => `DELETE FROM ${table} WHERE task_instance_no IN ${tasks}`,
    ),
    ...["task_instances", "run_spans", "runs"].map((table) => `DELETE FROM ${table} WHERE run_no IN ${numbers}`),
  ].map((text) => sql.get(text));
  const keepNumbers = keepLastNumbers(writer);
  return ({ runNos }) => {
    if (runNos.length > mostRuns) return refused(`more than ${mostRuns} runs at once`);
    flushRecords(writer);
    events.flush();
    const ended = find.all(JSON.stringify([...new Set(runNos)]));
    if (ended.length === 0) return { status: "deleted", count: 0 };
    const removed = [...new Set(ended.map(({ runNo }) => Number(runNo)))];
    const list = JSON.stringify(removed);
    const spans = ended.flatMap(({ first, last }) => (first === null ? [] : [[Number(first), Number(last)] as const]));
    for (const [first, last] of united(spans)) removeEvents.all(first, last, list);
    for (const removal of removals) removal.all(list);
    keepNumbers();
    return { status: "deleted", count: removed.length };
  };
}

export function runXComDeleter(writer: Writer): (change: DeleteXComsOfRuns) => Outcome {
  const remove = writer.sql.get(
    `DELETE FROM xcoms WHERE task_instance_no IN (
       SELECT t.task_instance_no FROM json_each(?) CROSS JOIN runs r ON r.run_no = json_each.value
       CROSS JOIN task_instances t ON t.run_no = r.run_no WHERE r.state IN ('success', 'failed', 'cancelled'))`,
  );
  return ({ runNos }) => {
    if (runNos.length > mostRuns) return refused(`more than ${mostRuns} runs at once`);
    writer.xcoms.flush();
    return { status: "deleted", count: Number(remove.run(JSON.stringify(runNos)).changes) };
  };
}

export function eventDeleter(writer: Writer): (change: DeleteEvents) => Outcome {
  const remove = oldestRemover(writer, "events", "seq");
  return (change) => {
    writer.events.flush();
    return remove(change);
  };
}

export function logDeleter(writer: Writer): (change: DeleteLogs) => Outcome {
  return oldestRemover(writer, "logs", "log_no");
}

function oldestRemover(writer: Writer, table: string, number: string): (change: DeleteEvents | DeleteLogs) => Outcome {
  const remove = writer.sql.get(
    `DELETE FROM ${table} WHERE ${number} IN (SELECT ${number} FROM ${table} WHERE ${number} <= ? ORDER BY ${number} LIMIT ?)`,
  );
  const keepNumbers = keepLastNumbers(writer);
  return ({ upTo, limit }) => {
    const count = Number(remove.run(upTo, capped(limit)).changes);
    if (count > 0) keepNumbers();
    return { status: "deleted", count };
  };
}

/** The same numbers in ranges that do not meet: runs beside each other have their events in between each other's. */
function united(spans: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (const [first, last] of [...spans].sort(([a], [b]) => a - b)) {
    const before = ranges.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else ranges.push([first, last]);
  }
  return ranges;
}
