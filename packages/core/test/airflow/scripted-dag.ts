import { dagBrand, type TaskDefinition } from "../../src/authoring/definition.ts";
import type { TaskHandle } from "../../src/authoring/handles.ts";
import type { DagOptions, TaskOptions } from "../../src/authoring/options.ts";
import { type Dag, dag, fail, skip, type TaskContext } from "../../src/index.ts";
import type { TriggerRule } from "../../src/readiness/trigger-rule.ts";

/** How an attempt ends. */
export type Ending = "success" | "failed" | "skipped";

/** A task told by what it does. */
export interface TaskScript {
  readonly id: string;
  /** What each element's attempt comes to, for mapped tasks; default: success. */
  readonly does?: Ending | readonly Ending[] | ((context: TaskContext) => unknown);
  /** A mapped task: over so many elements, or over the result of a task. */
  readonly over?: number | string;
  readonly options?: Omit<TaskOptions, "input" | "setups">;
  /** What it returns when it succeeds; default 1. */
  readonly returns?: unknown;
}

/** A DAG of such tasks, made with the real builder. */
export function scriptedDag(
  id: string,
  tasks: readonly TaskScript[],
  edges: readonly (readonly [from: string, to: string])[],
  options: DagOptions<undefined> = {},
): Dag {
  return dag(id, options, (d) => {
    const handles = new Map<string, TaskHandle>();
    for (const script of tasks) {
      const { over } = script;
      const body = (context: TaskContext): unknown => perform(script, context);
      if (over === undefined) handles.set(script.id, d.task(script.id, script.options ?? {}, body));
      else {
        const elements =
          typeof over === "number"
            ? Array.from({ length: over }, (_, index) => index)
            : (handles.get(over) as TaskHandle<unknown[]>);
        handles.set(script.id, d.map(script.id, { ...script.options, over: elements }, body));
      }
    }
    for (const [from, to] of edges) handleOf(handles, from).before(handleOf(handles, to));
  });
}

/** The same DAG with a rule that no builder lets pass. */
export function withForcedRule(from: Dag, taskId: string, rule: string): Dag {
  const tasks = from.tasks.map(
    (task): TaskDefinition => (task.id === taskId ? { ...task, triggerRule: rule as TriggerRule } : task),
  );
  return Object.defineProperty({ ...from, tasks }, dagBrand, { value: true });
}

function perform({ does = "success", returns = 1 }: TaskScript, context: TaskContext): unknown {
  if (typeof does === "function") return does(context);
  const ending = typeof does === "string" ? does : does[context.task.mapIndex];
  if (ending === "failed") throw fail("as the script says");
  if (ending === "skipped") throw skip("as the script says");
  return returns;
}

function handleOf(handles: ReadonlyMap<string, TaskHandle>, id: string): TaskHandle {
  const handle = handles.get(id);
  if (!handle) throw new Error(`the script has no task '${id}'`);
  return handle;
}
