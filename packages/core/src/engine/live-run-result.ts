import type { RunState } from "../lifecycle/states.ts";
import { maskSecrets } from "../masking/masker.ts";
import type { LiveRun } from "../scheduler/live-run.ts";
import type { RunEnd } from "../scheduler/run-ends.ts";
import { type Instant, instantOf } from "../time/temporal.ts";
import type { XComServices } from "../xcom/accessor.ts";
import { readXCom } from "./read-xcom.ts";
import { type RunResult, summaryOf, tasksOfLiveRun } from "./run-result.ts";

/**
 * The result of a run that this engine saw to its end, from memory; its tasks are looked at only when somebody asks.
 *
 * A class on purpose: with a getter and a closure in an object literal, young garbage collections kept every run that had
 * ended until the next full one (measured: 660 bytes for each task, with a class 50).
 */
export class LiveRunResult implements RunResult {
  readonly dagId: string;
  readonly runId: string;
  readonly state: RunState;
  readonly summary: string;
  readonly note: string | null;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant;
  readonly #run: LiveRun;
  readonly #xcoms: XComServices;
  #tasks: RunResult["tasks"] | undefined;

  constructor({ state, note, endedAt }: RunEnd, run: LiveRun, xcoms: XComServices) {
    this.dagId = run.row.dagId;
    this.runId = run.row.runId;
    this.state = state;
    this.note = note === null ? null : maskSecrets(note);
    this.summary = summaryOf(state, this.note);
    this.startedAt = run.startedAt === null ? null : instantOf(run.startedAt);
    this.endedAt = instantOf(endedAt);
    this.#run = run;
    this.#xcoms = xcoms;
  }

  get tasks(): RunResult["tasks"] {
    this.#tasks ??= tasksOfLiveRun(this.#run);
    return this.#tasks;
  }

  /** Works without the result too: `const { xcom } = await engine.run(sales)`. */
  get xcom(): RunResult["xcom"] {
    return (taskId, options) => readXCom(this.#xcoms, this.#run.row, taskId, options);
  }
}
