import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Dag } from "@millrace/core";
import type { CatchupState, NextRun } from "@millrace/core/engine";
import { messageOf } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { type DagPicture, kindMarks, pictureOf } from "../drawing/dag-picture.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import { safeLine } from "../terminal/safe-text.ts";
import { ago } from "../terminal/show-time.ts";
import type { Style } from "../terminal/style.ts";
import { tableLines } from "../terminal/table.ts";
import { catchupText, originText } from "../views/catchup-view.ts";
import { nextRunPayload } from "../views/next-run-view.ts";
import { taskDefinitionColumns, taskDefinitionPayload } from "../views/task-definition-view.ts";

/** How wide a drawing may be where there is no terminal to fit into. */
const widthWithoutTerminal = 200;

export default defineCommand({
  arguments: [{ name: "<dag>", says: "id of the DAG", completes: "dag" }],
  options: [
    {
      flags: "--format <format>",
      says: "as what",
      choices: ["terminal", "mermaid", "dot", "svg"],
      default: "terminal",
    },
    { flags: "--out <file>", says: "write it to this file" },
    { flags: "--force", says: "write over the file if it is there" },
  ],
  examples: [
    ["millrace dags show hello", "draw it here"],
    ["millrace dags show hello --format svg --out hello.svg", "as a picture"],
    ["millrace dags show hello --format mermaid", "for a Markdown file"],
  ],
  async run(session, given) {
    const core = await session.core();
    const { dag, path } = await session.dag(given.text("dag"));
    const snapshot = core.snapshotOf(dag);
    const picture = pictureOf(snapshot);
    const catchup = await catchupOf(session, dag);
    const { style, io } = session;
    const format = given.text("format");
    const out = given.textOr("out", undefined);
    const drawn = format === "terminal" ? undefined : await formatted(picture, format);
    if (out !== undefined) {
      const text = drawn ?? `${(await drawing(picture, { ...style }, widthWithoutTerminal)).join("\n")}\n`;
      write(resolve(io.cwd, out), text, given.flag("force"));
      session.note(`Written to ${out}.`);
    }
    const nextRun = nextRunOf();
    const payload = {
      ...snapshot,
      nextRun: nextRun ? nextRunPayload(nextRun) : null,
      catchup: catchup.setting,
      catchupFrom: catchup.from,
      path,
      tasks: snapshot.tasks.map((task) => taskDefinitionPayload(task, snapshot)),
      ...(drawn !== undefined && { format, drawing: drawn }),
    };
    const lines = async (): Promise<readonly string[]> => {
      if (out !== undefined) return [];
      if (drawn !== undefined) return drawn.trimEnd().split("\n");
      return [
        `${style.bold(dag.id)}${dag.description === undefined ? "" : `  ${safeLine(dag.description)}`}`,
        style.dim(factsOf().join("  ·  ")),
        "",
        ...(await drawing(picture, style, io.out.columns ?? widthWithoutTerminal)),
        ...legend(picture, style),
        "",
        ...tableLines(snapshot.tasks, taskDefinitionColumns(style, snapshot, core), style, io.out.columns),
      ];
    };
    const shown = session.isJson ? [] : await lines();
    session.print(payload, () => shown);
    return exitCodes.ok;

    /** A schedule that does not work hinders nobody from seeing the DAG. */
    function nextRunOf(): NextRun | undefined {
      try {
        return core.nextRuns(dag, { count: 1, now: session.now() }).runs[0];
      } catch (error) {
        session.warn(`The next run is not known: ${messageOf(error)}`);
        return undefined;
      }
    }

    function factsOf(): string[] {
      return [
        snapshot.schedule === null ? "runs when asked" : `schedule ${snapshot.schedule}`,
        ...(nextRun ? [`next run ${ago(nextRun.runAfter, session.now())}`] : []),
        `${snapshot.tasks.length} task${snapshot.tasks.length === 1 ? "" : "s"}`,
        ...(catchup.setting === false && catchup.from === "code"
          ? []
          : [`catchup ${catchupText(catchup.setting)} (${originText(catchup)})`]),
        ...(snapshot.tags.length > 0 ? [`tags ${snapshot.tags.map(safeLine).join(", ")}`] : []),
        ...(snapshot.owner === undefined ? [] : [`owner ${safeLine(snapshot.owner)}`]),
        path,
      ];
    }
  },
});

/** What holds for the DAG; where the store cannot tell, what its code says. */
async function catchupOf(session: Session, dag: Dag): Promise<CatchupState> {
  const { readCatchup } = await session.core();
  try {
    return await readCatchup(await session.reader(), dag);
  } catch (error) {
    session.warn(`Whether its catchup was set is not known: ${safeLine(messageOf(error))}`);
    return readCatchup(undefined, dag);
  }
}

async function formatted(picture: DagPicture, format: string): Promise<string> {
  if (format === "svg") return (await import("../drawing/svg.ts")).svgOf(picture);
  const { dotOf, mermaidOf } = await import("../drawing/text-formats.ts");
  return format === "dot" ? dotOf(picture) : mermaidOf(picture);
}

async function drawing(picture: DagPicture, style: Style, columns: number): Promise<readonly string[]> {
  const { drawForTerminal } = await import("../drawing/terminal-drawing.ts");
  const drawn = drawForTerminal(picture, style, columns);
  if (drawn) return drawn;
  const { outlineLines } = await import("../drawing/task-outline.ts");
  return outlineLines(picture, style);
}

/** What the marks in the boxes mean, those that are there. */
function legend(picture: DagPicture, style: Style): string[] {
  const marks = Object.entries(kindMarks).filter(([kind]) =>
    picture.nodes.some((node) => node.kind === kind || node.role === kind),
  );
  return marks.length === 0
    ? []
    : ["", style.dim(marks.map(([, [mark, says]]) => `${mark.trim()} ${says}`).join("   "))];
}

function write(path: string, text: string, mayReplace: boolean): void {
  try {
    writeFileSync(path, text, { flag: mayReplace ? "w" : "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw cliError("FILE_EXISTS", { path }, { cause: error });
    throw cliError("FILE_NOT_WRITTEN", { path, why: messageOf(error) }, { cause: error });
  }
}
