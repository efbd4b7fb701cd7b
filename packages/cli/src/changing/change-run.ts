import type { AffectedTask, AffectedXCom, OperationResult } from "@millrace/core/engine";
import type { RunRow } from "@millrace/core/plugin";
import type { Given } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { type CommandRequest, type Operated, operate } from "../operate.ts";
import type { Session } from "../session.ts";
import { sizeText } from "../terminal/show-size.ts";
import { tableLines } from "../terminal/table.ts";
import { findRun } from "../views/run-view.ts";
import { nameOf } from "../views/task-view.ts";
import { certaintyOf, isMeant } from "./ask-first.ts";

/** What is to be done to a run. */
export interface RunChange {
  /** For the question: `Clear`. */
  readonly verb: string;
  readonly dagId: string;
  readonly runId: string;
  request(run: RunRow, isDryRun: boolean): CommandRequest;
}

/** Finds out what a change of a run concerns, asks where nobody has said that it is meant, and has it done. */
export async function changeRun(session: Session, given: Given, change: RunChange): Promise<number> {
  const core = await session.core();
  core.checkDagId(change.dagId);
  core.checkRunId(change.runId);
  const certainty = certaintyOf(session, given, change.verb);
  const run = await findRun(await session.neededReader(), core, change.dagId, change.runId);
  const have = (isDryRun: boolean): Promise<Operated<OperationResult>> =>
    operate<OperationResult>(session, change.request(run, isDryRun));
  if (certainty === "ask") {
    const { answer } = await have(true);
    const question = `${change.verb} ${concerned(answer)} of ${run.dagId} ${run.runId}?`;
    if (!isEmpty(answer) && !(await isMeant(session, affectedLines(answer, session), question)))
      return exitCodes.interrupted;
  }
  const { answer, by } = await have(certainty === "look");
  print(session, answer, certainty === "look");
  if (certainty !== "look" && by === "command" && (answer.runState === "queued" || answer.runState === "running"))
    session.note("No engine is running: the run goes on with the next `millrace start`.");
  return exitCodes.ok;
}

function print(session: Session, answer: OperationResult, isDryRun: boolean): void {
  const { style } = session;
  const { dagId, runId, runState, tasks, xcoms } = answer;
  session.print(
    { dag: dagId, run: runId, state: runState, dryRun: isDryRun, tasks: tasks.map(renamed), xcoms: xcoms.map(renamed) },
    () => [
      ...affectedLines(answer, session),
      ...(isEmpty(answer) ? [] : [""]),
      isEmpty(answer)
        ? "There is nothing to change."
        : `${concerned(answer)}${isDryRun ? " would be changed, and" : " changed;"} ${runId} ${isDryRun ? "would be" : "is"} ${style.state(runState)}`,
    ],
  );
}

function renamed<Row extends { readonly taskId: string }>({ taskId, ...rest }: Row): Record<string, unknown> {
  return { task: taskId, ...rest };
}

function isEmpty({ tasks, xcoms }: OperationResult): boolean {
  return tasks.length === 0 && xcoms.length === 0;
}

/** `3 tasks and 2 values`. */
function concerned({ tasks, xcoms }: OperationResult): string {
  return [
    ...(tasks.length > 0 ? [`${tasks.length} task${tasks.length === 1 ? "" : "s"}`] : []),
    ...(xcoms.length > 0 ? [`${xcoms.length} value${xcoms.length === 1 ? "" : "s"}`] : []),
  ].join(" and ");
}

function affectedLines({ tasks, xcoms }: OperationResult, { style, io }: Session): string[] {
  return [
    ...(tasks.length === 0
      ? []
      : tableLines<AffectedTask>(
          tasks,
          [
            { title: "task", cell: nameOf, flexible: true },
            { title: "from", cell: ({ from }) => from, paint: (text, { from }) => style.inStateColor(from, text) },
            { title: "to", cell: ({ to }) => to, paint: (text, { to }) => style.inStateColor(to, text) },
          ],
          style,
          io.out.columns,
        )),
    ...(xcoms.length === 0
      ? []
      : tableLines<AffectedXCom>(
          xcoms,
          [
            { title: "value of", cell: nameOf, flexible: true },
            { title: "key", cell: ({ key }) => key, flexible: true },
            { title: "size", cell: ({ sizeBytes }) => sizeText(sizeBytes), align: "right" },
          ],
          style,
          io.out.columns,
        )),
  ];
}
