import type { XComRow } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { sizeText } from "../terminal/show-size.ts";
import { type Column, tableLines } from "../terminal/table.ts";
import { findRun, iso } from "../views/run-view.ts";
import { nameOf } from "../views/task-view.ts";

export default defineCommand({
  arguments: [
    { name: "<dag>", says: "id of the DAG", completes: "dag" },
    { name: "[run]", says: "id of the run (default: latest)", completes: "run" },
  ],
  options: [{ flags: "--task <id>", says: "only values of this task", completes: "task" }],
  examples: [
    ["millrace xcom list hello", "what the newest run of 'hello' left"],
    ["millrace xcom list hello latest --task greet", "what 'greet' left"],
  ],
  async run(session, given) {
    const core = await session.core();
    const taskId = given.textOr("task", undefined);
    core.checkDagId(given.text("dag"));
    core.checkRunId(given.textOr("run", "latest"));
    if (taskId !== undefined) core.checkTaskPath(taskId);
    const store = await session.neededReader();
    const run = await findRun(store, core, given.text("dag"), given.textOr("run", "latest"));
    const rows = (await store.xcoms.ofRun(run.runNo)).filter((row) => taskId === undefined || row.taskId === taskId);
    const { style } = session;
    const columns: readonly Column<XComRow>[] = [
      { title: "task", cell: (row) => nameOf(row), flexible: true },
      { title: "key", cell: (row) => row.key, paint: (text) => style.bold(text), flexible: true },
      { title: "size", cell: (row) => sizeText(row.sizeBytes), align: "right" },
      { title: "stored as", cell: (row) => partsOf(row).join(" in ") || "JSON", paint: (text) => style.dim(text) },
    ];
    session.print(
      {
        dag: run.dagId,
        run: run.runId,
        xcoms: rows.map((row) => ({
          task: row.taskId,
          mapIndex: row.mapIndex,
          key: row.key,
          sizeBytes: row.sizeBytes,
          parts: partsOf(row),
          createdAt: iso(row.createdAt),
        })),
      },
      () => (rows.length === 0 ? [] : tableLines(rows, columns, style, session.io.out.columns)),
    );
    if (rows.length === 0) session.note("No task of this run left a value.");
    return exitCodes.ok;
  },
});

/** The parts that wrote a value, as their markers tell, innermost first: `compressed`, `encrypted`, `file_backend`. */
function partsOf(row: XComRow): string[] {
  if (row.format === "json") return [];
  const parts: string[] = [];
  let envelope: unknown = JSON.parse(row.stored);
  while (typeof envelope === "object" && envelope !== null) {
    const marker = Object.entries(envelope).find(([field, value]) => field.startsWith("_xcom_") && value === true)?.[0];
    if (marker !== undefined) parts.unshift(marker.slice("_xcom_".length));
    envelope = (envelope as { readonly inner?: unknown }).inner;
  }
  return parts;
}
