import { type Dag, dag, fail, skip, type TaskContext, type TaskHandle } from "@millrace/core";
import { reschedule } from "@millrace/core/plugin";
import type { DagPlan, TaskPlan } from "./dag-plan.ts";

/** How {@link dagOfPlan} makes a DAG. */
export interface DagOfPlanOptions {
  /** Default `random`. */
  readonly id?: string;
  /** Called at the start of every attempt, with the task's number in the plan. */
  readonly onAttempt?: (number: number, context: TaskContext) => void;
  /** How long a `wait` waits at least, in milliseconds, counted from the run's logical date. Default one minute. */
  readonly waitMs?: number;
}

type Builder = Parameters<Parameters<typeof dag>[2]>[0];

/** Id of a planned task; a grouped one has its group in front: the first of a row of grouped tasks gives its number. */
export function plannedTaskId(plan: DagPlan, number: number): string {
  if (!isGrouped(plan, number)) return `t${number}`;
  let first = number;
  while (first > 0 && isGrouped(plan, first - 1)) first--;
  return `g${first}.t${number}`;
}

/** The DAG of a plan. A task's result is the list `[its number]`. */
export function dagOfPlan(plan: DagPlan, options: DagOfPlanOptions = {}): Dag {
  const { id = "random" } = options;
  const { maxActiveTasks, runState, tasks } = plan;
  return dag(id, { maxActiveTasks, runState }, (d) => {
    const handles: TaskHandle[] = [];
    const add = (builder: Builder, number: number): void => {
      const handle = addTask(builder, plan, number, handles, options);
      handles.push(handle.after(...upstreamOf(plan, number).map((up) => handles[up] as TaskHandle)));
    };
    for (let number = 0; number < tasks.length; number++) {
      if (!isGrouped(plan, number)) {
        add(d, number);
        continue;
      }
      d.group(`g${number}`, (g) => {
        for (; isGrouped(plan, number); number++) add(g, number);
      });
      number--;
    }
  });
}

/** A task by its plan, without the order that stands beside its inputs. */
function addTask(
  builder: Builder,
  plan: DagPlan,
  number: number,
  handles: readonly TaskHandle[],
  { onAttempt, waitMs = 60_000 }: DagOfPlanOptions,
): TaskHandle {
  const task = plan.tasks[number] as TaskPlan;
  const { kind, retries, elements, takesResults, follows } = task;
  const upstream = upstreamOf(plan, number);
  const isTeardown = kind === "teardown";
  const setups = isTeardown ? upstream.filter((up) => plan.tasks[up]?.kind === "setup") : [];
  const input = takesResults && kind !== "map" ? upstream.map((up) => handles[up] as TaskHandle) : undefined;
  const shared = {
    triggerRule: isTeardown ? undefined : ruleOf(plan, number),
    retries: { max: retries, delay: "1m", backoff: "fixed" },
    role: kind === "setup" || isTeardown ? kind : undefined,
    setups: setups.length > 0 ? setups.map((up) => handles[up] as TaskHandle) : undefined,
    input,
  } as const;
  const act = async (context: TaskContext): Promise<number[]> => {
    onAttempt?.(number, context);
    await doAsPlanned(task, context, waitMs);
    return [number];
  };
  const id = `t${number}`;
  const behind = plan.tasks.flatMap((_, other) => (upstreamOf(plan, other).includes(number) ? [other] : []));
  if (kind === "empty") return builder.empty(id, { ...shared, retries: undefined });
  if (kind === "branch" && behind.length > 0) {
    const choices = behind.map((other) => plannedTaskId(plan, other));
    return builder.branch(id, { ...shared, choices }, async (context) => {
      await act(context as TaskContext);
      return choices.filter((_, place) => (follows >> place) & 1);
    });
  }
  if (kind === "short circuit")
    return builder.shortCircuit(id, shared, async (context) => {
      const result = await act(context as TaskContext);
      return follows % 2 === 1 ? result : [];
    });
  if (kind === "map") {
    const source = takesResults ? upstream.find((up) => givesList(plan, up)) : undefined;
    const over =
      source === undefined
        ? Array.from({ length: elements }, (_, element) => element)
        : (handles[source] as TaskHandle<readonly unknown[]>);
    return builder.map(id, { ...shared, over }, (context) => act(context as TaskContext));
  }
  return builder.task(id, shared, (context) => act(context as TaskContext));
}

async function doAsPlanned({ deeds }: TaskPlan, { attempt, state, logicalDate }: TaskContext, waitMs: number) {
  const deed = deeds[Math.min(attempt, deeds.length) - 1];
  if (deed === "fail") throw new Error("as planned");
  if (deed === "fail for good") throw fail("as planned");
  if (deed === "skip") throw skip("as planned");
  if (deed !== "wait" || (await state.get("waited")) === attempt) return;
  await state.set("waited", attempt);
  throw reschedule(logicalDate.epochMilliseconds + waitMs * attempt);
}

/** A branch chooses by full ids, which it can only outside of groups. */
function isGrouped(plan: DagPlan, number: number): boolean {
  const task = plan.tasks[number];
  return task?.isGrouped === true && task.kind !== "branch";
}

/** A place without branch, setup and teardown is a place for any trigger rule; behind a setup there is but one. */
function ruleOf(plan: DagPlan, number: number): TaskPlan["rule"] {
  const { rule, upstream } = plan.tasks[number] as TaskPlan;
  return upstream.some((up) => plan.tasks[up]?.kind === "setup") ? "all_success" : rule;
}

function upstreamOf(plan: DagPlan, number: number): readonly number[] {
  return (plan.tasks[number] as TaskPlan).upstream;
}

/** An empty task has no result, and a branch's is what it chose. */
function givesList(plan: DagPlan, number: number): boolean {
  const { kind } = plan.tasks[number] as TaskPlan;
  return kind !== "empty" && kind !== "branch";
}
