import type { TaskContext } from "../authoring/context.ts";
import type { InputBinding, TaskDefinition } from "../authoring/definition.ts";
import { isMappable } from "../authoring/map-source.ts";
import { signalOf } from "../authoring/signals.ts";
import { coreError, shown } from "../errors.ts";
import type { StoredError, XComPut } from "../store/contract.ts";
import { parseInstant } from "../time/instant.ts";
import { decodePut, encodePut, pullAll, resultKey } from "../xcom/accessor.ts";
import { XComReads } from "../xcom/xcom-reads.ts";
import { isEngineEvent, isEventName } from "./awaited-events.ts";
import { AttemptContext, type RuntimeServices } from "./context.ts";
import { skipKey } from "./decision.ts";
import type { Job, JobOutcome, JobRun } from "./job.ts";
import { messageText } from "./output/log-text.ts";
import { callPrinting } from "./output/task-console.ts";
import { isThenable } from "./thenable.ts";

const nothing = { error: undefined, isFinal: false, wakeAt: null, awaits: null, xcoms: [], deletes: [] } as const;

/**
 * Makes one attempt: pulls the inputs, calls the author's function, turns what it returned or threw into an outcome.
 * Never throws. Answers at once when nothing in it has to be waited for: promises and the frames of async functions were
 * a third of all that the engine allocated for a short task.
 *
 * @param longestOf - longest list that the result may be, for tasks that others are mapped over; `undefined` for the rest
 */
export function makeAttempt(
  job: Job,
  services: RuntimeServices,
  longestOf: number | undefined,
): JobOutcome | Promise<JobOutcome> {
  const { task } = job;
  if (task.run === undefined) return { state: "success", ...nothing };
  if (task.input.shape === "none" && task.map === undefined)
    return callTask(job, services, longestOf, undefined, undefined);
  return readAndCall(job, services, longestOf);
}

async function readAndCall(job: Job, services: RuntimeServices, longestOf: number | undefined): Promise<JobOutcome> {
  const { task, run } = job;
  const reads = new XComReads();
  let input: unknown;
  let element: unknown;
  try {
    input = await readInput(task.input, run, services, reads);
    element = task.map === undefined ? undefined : await run.elementOf(job.taskNo, job.mapIndex);
  } catch (thrown) {
    return { ...fromThrown(thrown, job, undefined), reads: reads.list };
  }
  return callTask(job, services, longestOf, input, element, reads);
}

function callTask(
  job: Job,
  services: RuntimeServices,
  longestOf: number | undefined,
  input: unknown,
  element: unknown,
  reads?: XComReads,
): JobOutcome | Promise<JobOutcome> {
  const context = new AttemptContext(job, services, input, element, reads);
  try {
    const returned = callPrinting(context, job.task.run as NonNullable<TaskDefinition["run"]>, context as TaskContext);
    if (isThenable(returned)) return whenReturned(returned, job, services, longestOf, context);
    const xcoms = context.usedXComs;
    if (xcoms?.isBusy) return whenReturned(Promise.resolve(returned), job, services, longestOf, context);
    context.end();
    const outcome = succeed(job, services, longestOf, context, returned);
    return outcome instanceof Promise ? outcome.catch((thrown: unknown) => fromThrown(thrown, job, context)) : outcome;
  } catch (thrown) {
    return fromThrown(thrown, job, context);
  }
}

async function whenReturned(
  returned: PromiseLike<unknown>,
  job: Job,
  services: RuntimeServices,
  longestOf: number | undefined,
  context: AttemptContext,
): Promise<JobOutcome> {
  try {
    const result = await returned;
    await context.usedXComs?.whenIdle();
    context.end();
    return await succeed(job, services, longestOf, context, result);
  } catch (thrown) {
    return fromThrown(thrown, job, context);
  }
}

function succeed(
  job: Job,
  services: RuntimeServices,
  longestOf: number | undefined,
  context: AttemptContext,
  result: unknown,
): JobOutcome | Promise<JobOutcome> {
  const { task, run, mapIndex } = job;
  if (longestOf !== undefined) checkMappable(result, task.id, longestOf);
  const followed = followedOf(task, result);
  const used = context.usedXComs;
  const pushed = used?.puts ?? [];
  const deletes = used?.deletes ?? [];
  const encode = (key: string, value: unknown): XComPut | Promise<XComPut> =>
    encodePut(services, { dagId: run.dag.id, runId: run.runId, taskId: task.id, mapIndex, key }, value);
  const keepsResult = result !== undefined && task.keepsResult && !pushed.some((xcom) => xcom.key === resultKey);
  const made = keepsResult ? [encode(resultKey, result)] : [];
  const puts = pushed.length === 0 ? made : [...pushed, ...made];
  if (followed !== undefined && followed !== true) puts.push(encode(skipKey, { followed }));
  const outcomeOf = (xcoms: readonly XComPut[]): JobOutcome => ({
    state: "success",
    error: undefined,
    isFinal: false,
    wakeAt: null,
    awaits: null,
    xcoms,
    deletes,
    reads: context.reads,
    followed,
  });
  return services.backend.isPlain ? outcomeOf(puts as XComPut[]) : Promise.all(puts).then(outcomeOf);
}

/** What a branch chose, or whether a short circuit goes on; `undefined` for other tasks. */
function followedOf(task: TaskDefinition, result: unknown): readonly string[] | boolean | undefined {
  if (task.kind === "branch") return choicesOf(result, task.id, [...(task.choices?.keys() ?? [])]);
  return task.kind === "short_circuit" || task.kind === "latest_only" ? !isEmpty(result) : undefined;
}

function fromThrown(thrown: unknown, job: Job, context: AttemptContext | undefined): JobOutcome {
  context?.end();
  const { puts = [], deletes = [] } = context?.usedXComs ?? {};
  const kept = { xcoms: puts, deletes, reads: context?.reads ?? [] };
  try {
    return { ...nothing, ...kept, ...endOf(thrown, job) };
  } catch (error) {
    return { ...nothing, ...kept, state: "failed", thrown, error: errorOfWrongEnd(error, job.task.id) };
  }
}

/** For a wrong signal, and for something thrown that cannot even be looked at. */
function errorOfWrongEnd(error: unknown, taskId: string): StoredError {
  try {
    return storedError(error, taskId);
  } catch {
    return { name: "Error", message: "what was thrown cannot be looked at" };
  }
}

/** The end that something thrown stands for. */
function endOf(thrown: unknown, { task, run }: Job): Pick<JobOutcome, "state" | "error"> & Partial<JobOutcome> {
  const signal = signalOf(thrown);
  switch (signal?.signal) {
    case "skip":
      return { state: "skipped", thrown, error: { name: "Skipped", message: messageText(signal.reason) } };
    case "fail":
      return { state: "failed", thrown, error: { name: "Failed", message: messageText(signal.reason) }, isFinal: true };
    case "reschedule": {
      const at = typeof signal.at === "number" ? signal.at : parseInstant(signal.at, run.dag.timezone);
      if (!Number.isFinite(at))
        throw coreError("TASK_OUTCOME_INVALID", { taskId: task.id, why: `it cannot run again at ${shown(signal.at)}` });
      return { state: "up_for_reschedule", error: undefined, wakeAt: Math.ceil(at) };
    }
    case "await":
      if (!isEventName(signal.event) || (isEngineEvent(signal.event) && task.kind !== "trigger"))
        throw coreError("TASK_OUTCOME_INVALID", { taskId: task.id, why: `it cannot await ${shown(signal.event)}` });
      return { state: "waiting", error: undefined, awaits: signal.event };
    default:
      return { state: "failed", thrown, error: storedError(thrown, task.id) };
  }
}

const longestName = 1_000;
const longestStack = 16_384;

/** What is kept of something thrown. */
export function storedError(thrown: unknown, taskId: string): StoredError {
  const error =
    thrown instanceof Error
      ? thrown
      : coreError(
          "TASK_THREW_NON_ERROR",
          { taskId, type: thrown === null ? "null" : typeof thrown },
          { cause: thrown },
        );
  const { code } = error as { code?: unknown };
  const cure = (error as { cure?: unknown }).cure;
  const message = messageText(error.message);
  return {
    name: String(error.name).slice(0, longestName),
    message: typeof cure === "string" ? `${message}. ${cure.slice(0, longestName)}` : message,
    ...(typeof code === "string" ? { code: code.slice(0, longestName) } : {}),
    ...(typeof error.stack === "string" ? { stack: error.stack.slice(0, longestStack) } : {}),
  };
}

async function readInput(
  binding: InputBinding,
  run: JobRun,
  services: RuntimeServices,
  reads: XComReads,
): Promise<unknown> {
  switch (binding.shape) {
    case "none":
      return undefined;
    case "one":
      return resultOf(binding.task, run, services, reads);
    case "list":
      return Promise.all(binding.tasks.map((task) => resultOf(task, run, services, reads)));
    case "record":
      return Object.fromEntries(
        await Promise.all(
          binding.entries.map(async ([name, task]) => [name, await resultOf(task, run, services, reads)] as const),
        ),
      );
  }
}

/** A task's result as downstream tasks get it: of a mapped task the list of its elements' results. */
export async function resultOf(
  taskId: string,
  run: JobRun,
  services: RuntimeServices,
  reads?: XComReads,
): Promise<unknown> {
  const taskNo = run.taskNoOf(taskId) as number;
  if (run.isMapped(taskNo)) return pullAll(services, run, taskNo, resultKey, reads);
  const [taskInstanceNo] = await run.instancesOf(taskNo);
  const row = await services.store.xcoms.get({ taskInstanceNo, key: resultKey });
  if (row) reads?.note(row);
  return row && decodePut(services, row, { dagId: run.dag.id, runId: run.runId, taskId, mapIndex: -1, key: resultKey });
}

function choicesOf(result: unknown, taskId: string, choices: readonly string[]): readonly string[] {
  const chosen =
    result === null || result === undefined ? [] : Array.isArray(result) ? (result as unknown[]) : [result];
  for (const choice of chosen) {
    if (typeof choice !== "string" || !choices.includes(choice))
      throw coreError("BRANCH_CHOICE_INVALID", { taskId, choice: shown(choice), choices: choices.join(", ") });
  }
  return chosen as readonly string[];
}

function checkMappable(result: unknown, taskId: string, longest: number): void {
  if (!isMappable(result))
    throw coreError("MAP_SOURCE_INVALID", { taskId, type: result === null ? "null" : typeof result });
  const length = Array.isArray(result) ? result.length : Object.keys(result).length;
  if (length > longest) throw coreError("MAP_TOO_LONG", { taskId, length, limit: longest });
}

/** What a short circuit takes for "no": Python's falsy values, in JavaScript's terms. */
function isEmpty(value: unknown): boolean {
  if (!value || value === true) return !value;
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map || value instanceof Set) return value.size === 0;
  return (
    typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0
  );
}
