import type { Dag } from "@millrace/core";
import { coreError } from "@millrace/core/plugin";

type Task = Dag["tasks"][number];

/** Values of other tasks: by task id the result, or with `task/key` what it pushed under a key. */
export type GivenValues = Readonly<Record<string, unknown>>;

const resultKey = "return_value";

/**
 * The DAG, but only one task of it does its work, once: the others leave what is given for them, and those after it nothing.
 *
 * @throws `TASK_NOT_FOUND`, also for a value of a task that there is not
 */
export function onlyTask(dag: Dag, taskId: string, values: GivenValues): Dag {
  const known = new Set(dag.tasks.map(({ id }) => id));
  const given = new Map<string, Map<string, unknown>>();
  for (const [name, value] of Object.entries(values)) {
    const [id, key = resultKey] = name.split("/", 2);
    given.set(id, (given.get(id) ?? new Map<string, unknown>()).set(key, value));
  }
  for (const id of [taskId, ...given.keys()])
    if (!known.has(id)) throw coreError("TASK_NOT_FOUND", { dagId: dag.id, taskId: id });
  const tasks = dag.tasks.map((task) =>
    task.id === taskId ? tried(task) : standIn(task, given.get(task.id) ?? new Map<string, unknown>()),
  );
  return Object.create(Object.getPrototypeOf(dag) as object, {
    ...Object.getOwnPropertyDescriptors(dag),
    tasks: { value: Object.freeze(tasks), enumerable: true },
    onSuccess: { value: undefined },
    onFailure: { value: undefined },
    deadlineMs: { value: undefined },
  }) as Dag;
}

const quiet = {
  onSuccess: undefined,
  onFailure: undefined,
  onRetry: undefined,
  onSkipped: undefined,
  deadlineMs: undefined,
  onDeadlineMissed: undefined,
} as const;
const free = { pool: "default_pool", poolSlots: 1, dependsOnPast: false, waitForDownstream: false } as const;

/** One attempt, in this process, that waits for nobody. */
function tried(task: Task): Task {
  return {
    ...task,
    ...quiet,
    ...free,
    isolation: "inline",
    triggerRule: "always",
    retries: { ...task.retries, max: 0 },
  };
}

function standIn(task: Task, values: ReadonlyMap<string, unknown>): Task {
  return {
    ...task,
    ...quiet,
    ...free,
    kind: "task",
    role: "work",
    isolation: "inline",
    input: { shape: "none" },
    triggerRule: "always",
    executionTimeoutMs: undefined,
    map: undefined,
    choices: undefined,
    keepsResult: true,
    run: async ({ xcom }) => {
      for (const [key, value] of values) if (key !== resultKey) await xcom.push(key, value);
      return values.get(resultKey);
    },
  };
}

/** Tasks whose result the task takes as its input or maps over, as far as nothing is given for them. */
export function missingValues(dag: Dag, taskId: string, values: GivenValues): readonly string[] {
  const task = dag.tasks.find(({ id }) => id === taskId);
  if (!task) return [];
  const { input, map } = task;
  const taken =
    input.shape === "one"
      ? [input.task]
      : input.shape === "list"
        ? input.tasks
        : input.shape === "record"
          ? input.entries.map(([, from]) => from)
          : [];
  const over = map?.over.kind === "task" ? [map.over.task] : [];
  return [...new Set([...taken, ...over])].filter((id) => !Object.hasOwn(values, id));
}
