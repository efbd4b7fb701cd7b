import type { TaskContext } from "../authoring/context.ts";
import type { InputBinding } from "../authoring/definition.ts";
import { isMappable } from "../authoring/map-source.ts";
import { signalOf } from "../authoring/signals.ts";
import { coreError, shown } from "../errors.ts";
import type { StoredError } from "../store/contract.ts";
import { parseInstant } from "../time/instant.ts";
import { decodePut, encodePut, pullAll, resultKey } from "../xcom/accessor.ts";
import { AttemptContext, type RuntimeServices } from "./context.ts";
import type { Job, JobOutcome, JobRun } from "./job.ts";

const nothing = { error: undefined, isFinal: false, wakeAt: null, awaits: null, xcoms: [], deletes: [] } as const;

/** Key under which branches and short circuits keep what they decided, as in Airflow. */
const skipKey = "skipmixin_key";

/**
 * Makes one attempt: pulls the inputs, calls the author's function, turns what it returned or threw into an outcome.
 * Never throws.
 *
 * @param longestOf - longest list that the result may be, for tasks that others are mapped over; `undefined` for the rest
 */
export async function makeAttempt(
  job: Job,
  services: RuntimeServices,
  longestOf: number | undefined,
): Promise<JobOutcome> {
  let context: AttemptContext | undefined;
  try {
    const { task, run } = job;
    if (task.run === undefined) return { state: "success", ...nothing };
    const input = task.input.shape === "none" ? undefined : await readInput(task.input, run, services);
    const element = task.map === undefined ? undefined : await run.elementOf(job.taskNo, job.mapIndex);
    context = new AttemptContext(job, services, input, element);
    const returned = task.run(context as TaskContext);
    const result = returned instanceof Promise || isThenable(returned) ? await returned : returned;
    if (longestOf !== undefined) checkMappable(result, task.id, longestOf);
    return await succeed(job, services, context, result);
  } catch (thrown) {
    return fromThrown(thrown, job, context);
  }
}

async function succeed(
  job: Job,
  services: RuntimeServices,
  context: AttemptContext,
  result: unknown,
): Promise<JobOutcome> {
  const { task, run, mapIndex } = job;
  const used = context.usedXComs;
  const xcoms = used ? [...used.puts] : [];
  const put = async (key: string, value: unknown): Promise<void> => {
    xcoms.push(
      await encodePut(services, { dagId: run.dag.id, runId: run.runId, taskId: task.id, mapIndex, key }, value),
    );
  };
  if (result !== undefined && task.keepsResult && !xcoms.some((xcom) => xcom.key === resultKey))
    await put(resultKey, result);
  const deletes = used?.deletes ?? [];
  if (task.kind === "branch") {
    const followed = choicesOf(result, task.id, [...(task.choices?.keys() ?? [])]);
    await put(skipKey, { followed });
    return { ...nothing, state: "success", xcoms, deletes, followed };
  }
  if (task.kind === "short_circuit" || task.kind === "latest_only")
    return { ...nothing, state: "success", xcoms, deletes, followed: !isEmpty(result) };
  return { ...nothing, state: "success", xcoms, deletes };
}

function fromThrown(thrown: unknown, job: Job, context: AttemptContext | undefined): JobOutcome {
  const kept = { xcoms: context?.usedXComs?.puts ?? [], deletes: context?.usedXComs?.deletes ?? [] };
  const signal = signalOf(thrown);
  switch (signal?.signal) {
    case "skip":
      return { ...nothing, ...kept, state: "skipped", thrown, error: { name: "Skipped", message: signal.reason } };
    case "fail":
      return {
        ...nothing,
        ...kept,
        state: "failed",
        thrown,
        error: { name: "Failed", message: signal.reason },
        isFinal: true,
      };
    case "reschedule":
      try {
        return {
          ...nothing,
          ...kept,
          state: "up_for_reschedule",
          wakeAt: typeof signal.at === "number" ? signal.at : parseInstant(signal.at, job.run.dag.timezone),
        };
      } catch (error) {
        return { ...nothing, ...kept, state: "failed", thrown: error, error: storedError(error, job.task.id) };
      }
    case "await":
      return { ...nothing, ...kept, state: "waiting", awaits: signal.event };
    default:
      return { ...nothing, ...kept, state: "failed", thrown, error: storedError(thrown, job.task.id) };
  }
}

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
  return {
    name: String(error.name),
    message: typeof cure === "string" ? `${error.message}. ${cure}` : String(error.message),
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof error.stack === "string" ? { stack: error.stack.slice(0, 16_384) } : {}),
  };
}

async function readInput(binding: InputBinding, run: JobRun, services: RuntimeServices): Promise<unknown> {
  switch (binding.shape) {
    case "none":
      return undefined;
    case "one":
      return resultOf(binding.task, run, services);
    case "list":
      return Promise.all(binding.tasks.map((task) => resultOf(task, run, services)));
    case "record":
      return Object.fromEntries(
        await Promise.all(
          binding.entries.map(async ([name, task]) => [name, await resultOf(task, run, services)] as const),
        ),
      );
  }
}

/** A task's result as downstream tasks get it: of a mapped task the list of its elements' results. */
export async function resultOf(taskId: string, run: JobRun, services: RuntimeServices): Promise<unknown> {
  const taskNo = run.taskNoOf(taskId) as number;
  if (run.isMapped(taskNo)) return pullAll(services, run, taskNo, resultKey);
  const row = await services.store.xcoms.get({ taskInstanceNo: run.instancesOf(taskNo)[0], key: resultKey });
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

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
