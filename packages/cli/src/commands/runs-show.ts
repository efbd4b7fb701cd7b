import type { RunRow, Store } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { dotOfLineage, lineageOf, mermaidOfLineage } from "../drawing/lineage.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import { safeLine } from "../terminal/safe-text.ts";
import { instantText } from "../terminal/show-time.ts";
import { tableLines } from "../terminal/table.ts";
import { performanceColumns, performancePayload, uncountedText } from "../views/performance-view.ts";
import { durationText, findRun, runPayload } from "../views/run-view.ts";
import { failureLines, nameOf, taskColumns, taskPayload } from "../views/task-view.ts";

export default defineCommand({
  arguments: [
    { name: "<dag>", says: "id of the DAG", completes: "dag" },
    { name: "[run]", says: "id of the run (default: latest)", completes: "run" },
  ],
  options: [
    {
      flags: "--lineage <format>",
      says: "instead: which task took which value of which, as a graph",
      choices: ["mermaid", "dot"],
    },
  ],
  examples: [
    ["millrace runs show hello", "the newest run of 'hello'"],
    ["millrace runs show hello latest --lineage mermaid", "how data went through it"],
    ["millrace runs show hello manual__2026-11-21T10:00:00Z_a1b2c3d4e5f6", "this one"],
  ],
  async run(session, given) {
    const core = await session.core();
    core.checkDagId(given.text("dag"));
    core.checkRunId(given.textOr("run", "latest"));
    const store = await session.neededReader();
    const run = await findRun(store, core, given.text("dag"), given.textOr("run", "latest"));
    const format = given.value<"mermaid" | "dot">("lineage");
    if (format !== undefined) return showLineage(session, store, run, format);
    const tasks = await store.tasks.ofRun(run.runNo);
    const performance = await store.tasks.performanceOfRun(run.runNo);
    const { style } = session;
    session.print(
      {
        ...runPayload(run),
        params: jsonOf(run.params),
        conf: jsonOf(run.conf),
        tasks: tasks.map((task) => ({
          ...taskPayload(task),
          performance: performance
            .filter(({ taskInstanceNo }) => taskInstanceNo === task.taskInstanceNo)
            .map(performancePayload),
        })),
      },
      () => {
        const facts: readonly (readonly [name: string, text: string])[] = [
          ["logical date", instantText(run.logicalDate)],
          ...(run.intervalEnd > run.intervalStart
            ? [["interval", `${instantText(run.intervalStart)} to ${instantText(run.intervalEnd)}`] as const]
            : []),
          ["started", run.startedAt === null ? "" : instantText(run.startedAt)],
          ["took", durationText(run, core)],
          ["params", safeLine(run.params ?? "")],
          ["conf", safeLine(run.conf ?? "")],
        ];
        return [
          `${style.bold(run.dagId)}  ${run.runId}  ${style.state(run.state)}${run.note === null ? "" : style.dim(`, ${safeLine(run.note)}`)}`,
          ...facts.flatMap(([name, text]) => (text === "" ? [] : [`  ${style.dim(name.padEnd(12))}  ${text}`])),
          "",
          ...tableLines(tasks, taskColumns(style, core, { withErrors: false }), style, session.io.out.columns),
          ...tasks.flatMap((task) => {
            const text = uncountedText(task);
            return text === "" ? [] : [style.dim(`${nameOf(task)}: ${task.attempt} attempts, ${text}`)];
          }),
          ...(performance.length === 0
            ? []
            : ["", ...tableLines(performance, performanceColumns(core), style, session.io.out.columns)]),
          ...failureLines(tasks, style, { withStack: session.options.debug }),
        ];
      },
    );
    return exitCodes.ok;
  },
});

async function showLineage(session: Session, store: Store, run: RunRow, format: "mermaid" | "dot"): Promise<number> {
  const [xcoms, reads] = await Promise.all([store.xcoms.ofRun(run.runNo), store.xcoms.readsOfRun(run.runNo)]);
  const lineage = lineageOf(run, xcoms, reads);
  const graph = format === "mermaid" ? mermaidOfLineage(lineage) : dotOfLineage(lineage);
  session.print({ dag: run.dagId, run: run.runId, format, graph }, () => [graph.trimEnd()]);
  return exitCodes.ok;
}

/** Stored JSON text as JSON again. */
function jsonOf(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}
