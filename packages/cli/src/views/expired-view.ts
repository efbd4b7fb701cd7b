import type { FoundExpired, FoundRuns, RemovedExpired, RemovedRuns } from "@millrace/core/engine";
import type { Session } from "../session.ts";
import { sizeText } from "../terminal/show-size.ts";
import { type Column, tableLines } from "../terminal/table.ts";

/** Whether nothing was, or is to be, removed. */
export function isNothing(expired: FoundExpired | RemovedExpired): boolean {
  return (
    expired.dags.length === 0 &&
    valueLines(expired).length === 0 &&
    expired.events === 0 &&
    backfillsIn(expired) === 0 &&
    !hasLogs(expired)
  );
}

/** What was, or is to be, removed: a line for each DAG, and one each for events and logs. */
export function expiredLines(expired: FoundExpired | RemovedExpired, { style, io }: Session): string[] {
  const { dags, events } = expired;
  const isFound = "hasOldLogs" in expired;
  const columns: Column<FoundRuns | RemovedRuns>[] = [
    { title: "DAG", cell: ({ dagId }) => dagId, paint: (text) => style.bold(text), flexible: true },
    { title: "runs", cell: ({ runs }) => String(runs), align: "right" },
    { title: "task instances", cell: ({ taskInstances }) => String(taskInstances), align: "right" },
  ];
  if (isFound) columns.push({ title: "values", cell: valuesText, align: "right" });
  return [
    ...(dags.length > 0 ? tableLines(dags, columns, style, io.out.columns) : []),
    ...valueLines(expired),
    ...(backfillsIn(expired) > 0 ? [`${backfillsIn(expired)} backfills`] : []),
    ...(events > 0 ? [isFound ? `up to ${events} events` : `${events} events`] : []),
    ...(hasLogs(expired) ? [isFound ? "old log lines" : `${expired.logLines} log lines`] : []),
  ];
}

/** Values of runs that stay. */
function valueLines({ xcoms }: FoundExpired | RemovedExpired): string[] {
  if (typeof xcoms === "number") return xcoms > 0 ? [`${xcoms} values of runs that stay`] : [];
  return xcoms.map(
    (found) => `${found.xcoms} values (${sizeText(found.xcomBytes)}) of ${found.runs} runs of ${found.dagId} that stay`,
  );
}

function backfillsIn(expired: FoundExpired | RemovedExpired): number {
  return "backfills" in expired ? expired.backfills : 0;
}

function hasLogs(expired: FoundExpired | RemovedExpired): boolean {
  return "hasOldLogs" in expired ? expired.hasOldLogs : expired.logLines > 0;
}

function valuesText(dag: FoundRuns | RemovedRuns): string {
  return "xcoms" in dag ? `${dag.xcoms} (${sizeText(dag.xcomBytes)})` : "";
}
