import type { XComReadRow, XComRow } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { sizeText } from "../terminal/show-size.ts";
import { type Column, tableLines } from "../terminal/table.ts";
import { findRun, iso } from "../views/run-view.ts";
import { nameOf } from "../views/task-view.ts";

const mostNames = 5;

export default defineCommand({
  arguments: [
    { name: "<dag>", says: "id of the DAG", completes: "dag" },
    { name: "[run]", says: "id of the run (default: latest)", completes: "run" },
  ],
  options: [
    { flags: "--task <id>", says: "only values of this task", completes: "task" },
    { flags: "--lineage", says: "also who read them, and what was read of other runs" },
  ],
  examples: [
    ["millrace xcom list hello", "what the newest run of 'hello' left"],
    ["millrace xcom list hello latest --task greet", "what 'greet' left"],
    ["millrace xcom list hello latest --lineage", "and who took it"],
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
    const reads = given.flag("lineage") ? await store.xcoms.readsOfRun(run.runNo) : [];
    const readersOf = ({ taskInstanceNo, key }: XComRow): readonly XComReadRow[] =>
      reads.filter((read) => read.sourceNo === taskInstanceNo && read.key === key);
    const foreign = reads.filter(({ sourceRunNo }) => sourceRunNo !== run.runNo);
    const columns: readonly Column<XComRow>[] = [
      { title: "task", cell: (row) => nameOf(row), flexible: true },
      { title: "key", cell: (row) => row.key, paint: (text) => style.bold(text), flexible: true },
      { title: "size", cell: (row) => sizeText(row.sizeBytes), align: "right" },
      { title: "stored as", cell: (row) => partsOf(row).join(" in ") || "JSON", paint: (text) => style.dim(text) },
      { title: "read by", cell: (row) => namesText(readersOf(row).map(nameOf)), flexible: true },
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
          ...(given.flag("lineage") && { readBy: readersOf(row).map(readerPayload) }),
        })),
        ...(given.flag("lineage") && {
          readOfOtherRuns: foreign.map((read) => ({
            ...readerPayload(read),
            from: { run: read.sourceRunId, task: read.sourceTaskId, mapIndex: read.sourceMapIndex },
            key: read.key,
            sizeBytes: read.sizeBytes,
          })),
        }),
      },
      () => [
        ...(rows.length === 0 ? [] : tableLines(rows, columns, style, session.io.out.columns)),
        ...foreign.map((read) =>
          style.dim(
            `${nameOf(read)} read ${read.key} (${sizeText(read.sizeBytes)}) of ${read.sourceTaskId} of the run ${read.sourceRunId}`,
          ),
        ),
      ],
    );
    if (rows.length === 0) session.note("No task of this run left a value.");
    return exitCodes.ok;
  },
});

function readerPayload({ taskId, mapIndex }: XComReadRow): Record<string, unknown> {
  return { task: taskId, mapIndex };
}

/** The first few names. */
function namesText(names: readonly string[]): string {
  return names.length <= mostNames
    ? names.join(", ")
    : `${names.slice(0, mostNames).join(", ")} and ${names.length - mostNames} more`;
}

/** The parts that wrote a value, as their markers tell, innermost first: `compressed`, `encrypted`, `file`. */
function partsOf(row: XComRow): string[] {
  if (row.format === "json") return [];
  const parts: string[] = [];
  let envelope: unknown = JSON.parse(row.stored);
  while (typeof envelope === "object" && envelope !== null) {
    const marker = Object.entries(envelope).find(([field, value]) => field.startsWith("_xcom_") && value === true)?.[0];
    if (marker !== undefined) parts.unshift(marker.slice("_xcom_".length).replace(/_backend$/, ""));
    envelope = (envelope as { readonly inner?: unknown }).inner;
  }
  return parts;
}
