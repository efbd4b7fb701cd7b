import type { Dag } from "@millrace/core";
import type { EngineEvent } from "@millrace/core/engine";
import type { RunRow } from "@millrace/core/plugin";
import type { Chapter } from "../report/story-report.ts";
import type { World } from "../world.ts";
import type { Simulation } from "./simulation.ts";

/** What the chapters play on. */
export interface Stage {
  readonly simulation: Simulation;
  readonly world: World;
  /** Everything that was recorded so far, of all engines. */
  readonly events: readonly EngineEvent[];
  readonly dags: readonly Dag[];
  /** How large what Millrace keeps is. */
  readonly storeBytes: () => number;
  /** Tells a line as it happens. */
  readonly say: (line: string) => void;
}

/** A chapter that has been played, with what it leaves for charts and checks. */
export interface Played<T = unknown> {
  readonly chapter: Chapter;
  readonly found: T;
}

/** Tells a chapter from its title on; gives what was told. */
export function chapterTeller(
  { say }: Pick<Stage, "say">,
  head: Omit<Chapter, "lines">,
): { readonly tell: (line: string) => void; readonly end: () => Chapter } {
  const lines: string[] = [];
  say("");
  say(`# ${head.title}`);
  say(`  ${head.lead}`);
  return {
    tell: (line) => {
      lines.push(line);
      say(`  › ${line}`);
    },
    end: () => ({ ...head, lines }),
  };
}

const mostRuns = 10_000;

/** All runs of a DAG, the oldest first. */
export async function runsOf({ simulation }: Pick<Stage, "simulation">, dagId: string): Promise<RunRow[]> {
  return (await simulation.test.engine.runs({ dagId, limit: mostRuns })).toSorted(
    (a, b) => a.logicalDate - b.logicalDate,
  );
}

/** What a task of a run gave. */
export async function resultOf<T>(
  stage: Pick<Stage, "simulation">,
  run: RunRow,
  taskId: string,
): Promise<T | undefined> {
  return (await stage.simulation.test.engine.xcom(run.dagId, run.runId, taskId)) as T | undefined;
}

export function countOf<T>(of: readonly T[], is: (one: T) => boolean): number {
  return of.filter(is).length;
}
