import type { Dag, TaskContext } from "@millrace/core";
import { testingError } from "../errors.ts";
import { checkValue, resultKey, xcomsOf } from "./given-values.ts";
import { checkTaskId } from "./task-ids.ts";

/** A task as the engine knows it. */
type Task = Dag["tasks"][number];

/** What a mock's function is given: the context of the task, and of a mapped task its element. */
export type MockContext = TaskContext & { readonly element: unknown };

/**
 * What runs in place of a task's own function: a function; an error that is thrown (also what `skip(…)` and `fail(…)` of
 * `@millrace/core` give); or a value that becomes its result.
 */
export type Mock =
  | ((context: MockContext) => unknown)
  | Error
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | object;

/** What stands in for tasks of a DAG. */
export interface StandIns {
  /** By task id: what runs in place of its own function. All else of the task stays: retries, timeout, trigger rule. */
  readonly mock?: Readonly<Record<string, Mock>>;
  /** By task id: the result of a task that is not run, or all its XComs by `pushed({ … })`. */
  readonly xcom?: Readonly<Record<string, unknown>>;
  /** Ids of the only tasks that run; the others are taken as having succeeded. */
  readonly only?: readonly string[];
}

/**
 * The DAG with stand-ins in it; the one that was given stays as it is. Every task runs in the test's own thread.
 *
 * @throws `TEST_TASK_UNKNOWN`, `TEST_STAND_IN_CONFLICT`, `TEST_VALUE_MISSING`, `TEST_VALUE_REFUSED`
 */
export function withStandIns<P>(dag: Dag<P>, standIns: StandIns): Dag<P> {
  const { mock = {}, xcom = {} } = standIns;
  const only = standIns.only && new Set(standIns.only);
  checkStandIns(dag, mock, xcom, only);
  const isRun = (id: string): boolean => !(id in xcom) && (only === undefined || only.has(id) || id in mock);
  const isBefore = tasksBefore(dag, isRun);
  const tasks = dag.tasks.map((task): Task => {
    const inThread: Task = { ...task, isolation: "inline" };
    if (task.id in mock) return { ...inThread, run: functionOf(mock[task.id]) };
    if (isRun(task.id)) return inThread;
    return notRun(inThread, xcomsOf(xcom[task.id]), isBefore.has(task.id));
  });
  for (const task of tasks) if (isRun(task.id) && !(task.id in mock)) checkInputs(task, isRun, xcom);
  return Object.create(Object.getPrototypeOf(dag), {
    ...Object.getOwnPropertyDescriptors(dag),
    tasks: { value: Object.freeze(tasks), enumerable: true },
  }) as Dag<P>;
}

function checkStandIns(
  dag: Dag,
  mock: Readonly<Record<string, Mock>>,
  xcom: Readonly<Record<string, unknown>>,
  only: ReadonlySet<string> | undefined,
): void {
  for (const id of only ?? []) checkTaskId(dag, id, "only");
  for (const [taskId, given] of Object.entries(mock)) {
    checkTaskId(dag, taskId, "mock");
    if (taskId in xcom) throw testingError("TEST_STAND_IN_CONFLICT", { taskId, first: "mock", second: "xcom" });
    if (typeof given !== "function" && !(given instanceof Error)) checkValue(taskId, resultKey, given);
  }
  for (const [taskId, given] of Object.entries(xcom)) {
    checkTaskId(dag, taskId, "xcom");
    if (only?.has(taskId)) throw testingError("TEST_STAND_IN_CONFLICT", { taskId, first: "xcom", second: "only" });
    for (const [key, value] of Object.entries(xcomsOf(given))) checkValue(taskId, key, value);
  }
}

/** Tasks that stand somewhere before one that is run. */
function tasksBefore(dag: Dag, isRun: (id: string) => boolean): ReadonlySet<string> {
  const upstream = dag.tasks.map((): number[] => []);
  for (const [from, to] of dag.edges) upstream[to]?.push(from);
  const open = dag.tasks.flatMap(({ id }, number) => (isRun(id) ? [number] : []));
  const before = new Set<number>();
  for (let number = open.pop(); number !== undefined; number = open.pop()) {
    for (const up of upstream[number] ?? []) {
      if (before.has(up)) continue;
      before.add(up);
      open.push(up);
    }
  }
  return new Set([...before].map((number) => (dag.tasks[number] as Task).id));
}

function functionOf(mock: Mock): NonNullable<Task["run"]> {
  if (typeof mock === "function") return mock as NonNullable<Task["run"]>;
  return () => {
    if (mock instanceof Error) throw mock;
    return mock;
  };
}

/**
 * A task that only leaves what it was given. Before tasks that are run it succeeds however its own upstreams end, as it has
 * done when those begin; elsewhere its trigger rule tells that something before it went wrong.
 */
function notRun(task: Task, xcoms: Readonly<Record<string, unknown>>, isBefore: boolean): Task {
  const { [resultKey]: result, ...others } = xcoms;
  const { onSuccess, onFailure, onRetry, onSkipped, onDeadlineMissed, ...rest } = task;
  return {
    ...rest,
    onSuccess: undefined,
    onFailure: undefined,
    onRetry: undefined,
    onSkipped: undefined,
    onDeadlineMissed: undefined,
    deadlineMs: undefined,
    kind: "task",
    map: undefined,
    choices: undefined,
    input: { shape: "none" },
    triggerRule: isBefore && task.role === "work" ? "all_done" : task.triggerRule,
    executionTimeoutMs: undefined,
    dependsOnPast: false,
    waitForDownstream: false,
    run: async ({ xcom }) => {
      for (const [key, value] of Object.entries(others)) await xcom.push(key, value);
      return result;
    },
  };
}

/** A task's own function would be told `undefined` where its type says that there is something. */
function checkInputs(task: Task, isRun: (id: string) => boolean, xcom: Readonly<Record<string, unknown>>): void {
  for (const upstream of tasksTakenBy(task)) {
    if (isRun(upstream) || upstream in xcom) continue;
    throw testingError("TEST_VALUE_MISSING", { taskId: task.id, upstream });
  }
}

function tasksTakenBy({ input, map }: Task): readonly string[] {
  const taken =
    input.shape === "one"
      ? [input.task]
      : input.shape === "list"
        ? input.tasks
        : input.shape === "record"
          ? input.entries.map(([, task]) => task)
          : [];
  return map === undefined ? taken : [...taken, ...tasksOfSource(map.over)];
}

function tasksOfSource(source: NonNullable<Task["map"]>["over"]): readonly string[] {
  switch (source.kind) {
    case "task":
      return [source.task];
    case "literal":
      return [];
    case "product":
      return source.factors.flatMap(([, factor]) => tasksOfSource(factor));
    default:
      return source.parts.flatMap(tasksOfSource);
  }
}
