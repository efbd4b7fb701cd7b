import { type Dag, isDag } from "../authoring/definition.ts";
import { checkDagId } from "../authoring/identifiers.ts";
import { coreError } from "../errors.ts";
import { isRunFinished } from "../lifecycle/states.ts";
import type { RunAnswer } from "../scheduler/requests.ts";
import { checkOptions } from "./check-arguments.ts";
import type { EngineParts } from "./engine-parts.ts";
import { LiveRunResult } from "./live-run-result.ts";
import { parseRunRequest, type RunOptions } from "./parse-run-request.ts";
import { readXCom } from "./read-xcom.ts";
import { type RunResult, readRunOutcome } from "./run-result.ts";

/** Makes the run that a program asks for. @throws `DAG_NOT_FOUND`, and what `parseRunRequest` throws */
export async function createRun<P>(
  { dags, clock, randomness, scheduler }: EngineParts,
  dag: Dag<P> | string,
  options: RunOptions<P>,
): Promise<RunAnswer> {
  const dagId = checkDagId(isDag(dag) ? dag.id : dag);
  const version = dags.version(dagId);
  if (!version || (typeof dag !== "string" && version.dag !== dag)) throw coreError("DAG_NOT_FOUND", { dagId });
  checkOptions(options, "engine.run");
  return scheduler.ask.create(
    await parseRunRequest(version, options, { type: "manual", now: clock.now(), randomness }),
  );
}

/** The same, and waits for its end. */
export async function runToEnd<P>(
  parts: EngineParts,
  dag: Dag<P> | string,
  options: RunOptions<P>,
): Promise<RunResult> {
  const answer = await createRun(parts, dag, options);
  if (isRunFinished(answer.state)) return resultOfRow(parts, answer.runNo);
  const end = await parts.scheduler.whenEnded(answer.runNo);
  return end.run ? new LiveRunResult(end, end.run, parts.xcoms) : resultOfRow(parts, end.runNo);
}

async function resultOfRow({ store, xcoms }: EngineParts, runNo: number): Promise<RunResult> {
  const row = await store.runs.get(runNo);
  if (!row) throw coreError("STORE_FAILED", { why: `run number ${runNo} is gone` });
  return {
    ...(await readRunOutcome(store, row)),
    xcom: (taskId, options) => readXCom(xcoms, row, taskId, options),
  };
}
