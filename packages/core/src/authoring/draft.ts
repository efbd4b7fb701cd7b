import { coreError, isMillraceError, type MillraceError, shown } from "../errors.ts";
import type { Timetable } from "../timetable/timetable.ts";
import type { Dag, InputBinding, TaskDefinition } from "./definition.ts";
import { findCycle } from "./find-cycle.ts";
import type { GroupHandle, Linkable, TaskHandle } from "./handles.ts";
import { isTaskId } from "./identifiers.ts";
import type { InputSpec, TaskDefaults, TaskOptions } from "./options.ts";

const handleBrand = Symbol.for("millrace.task-handle");
const mostTasks = 100_000;

interface Group {
  readonly id: string;
  readonly tasks: string[];
}

/** A DAG while it is being built: collects tasks, order and mistakes, then checks the whole. */
export class DagDraft {
  readonly mistakes: MillraceError[];
  readonly schedule: Timetable | null;
  readonly defaults: TaskDefaults;
  readonly #dagId: string;
  readonly #failFast: boolean;
  readonly #tasks: TaskDefinition[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #groups = new Map<string, Group>();
  readonly #openGroups: Group[] = [];
  readonly #links: [before: Linkable | string, after: Linkable | string][] = [];
  readonly #branches: { task: string; choices: readonly string[]; prefix: string }[] = [];
  #closed = false;

  constructor(
    dagId: string,
    options: { readonly schedule: Timetable | null; readonly failFast: boolean; readonly defaults: TaskDefaults },
    mistakes: MillraceError[],
  ) {
    this.#dagId = dagId;
    this.#failFast = options.failFast;
    this.schedule = options.schedule;
    this.defaults = options.defaults;
    this.mistakes = mistakes;
  }

  addTask(
    ownId: string,
    taskId: string,
    options: TaskOptions,
    define: (input: InputBinding) => TaskDefinition,
  ): TaskHandle {
    if (this.#closed) throw coreError("DAG_CLOSED", { taskId, dagId: this.#dagId });
    const handle = this.#handle(taskId);
    if (!isTaskId(ownId)) this.mistakes.push(coreError("DAG_ID_INVALID", { what: "Task", id: shown(ownId) }));
    if (this.#numbers.has(taskId) || this.#groups.has(taskId)) {
      this.mistakes.push(coreError("DAG_DUPLICATE_TASK", { taskId }));
      return handle;
    }
    this.#numbers.set(taskId, this.#tasks.length);
    for (const group of this.#openGroups) group.tasks.push(taskId);
    const definition = this.guard(() => define(this.#bind(options.input, taskId)));
    if (definition) this.#tasks.push(definition);
    else this.#numbers.delete(taskId);
    const setups = options.setups === undefined ? [] : [options.setups].flat();
    for (const setup of setups) this.linkAll(setup as TaskHandle, handle);
    return handle;
  }

  addGroup(ownId: string, groupId: string, build: () => unknown): GroupHandle {
    if (!isTaskId(ownId)) this.mistakes.push(coreError("DAG_ID_INVALID", { what: "Group", id: shown(ownId) }));
    if (this.#numbers.has(groupId) || this.#groups.has(groupId))
      this.mistakes.push(coreError("DAG_DUPLICATE_TASK", { taskId: groupId }));
    const group: Group = { id: groupId, tasks: [] };
    this.#groups.set(groupId, group);
    this.#openGroups.push(group);
    const outputs = build();
    this.#openGroups.pop();
    return Object.freeze(
      Object.assign(this.#handle(groupId) as unknown as Record<string, unknown>, { outputs }),
    ) as unknown as GroupHandle;
  }

  /** Runs a step of building; a coded error becomes one of the mistakes. */
  guard<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.mistakes.push(error);
      return undefined;
    }
  }

  /** The id of a task handle; handles of other DAGs are refused. */
  taskIdOf(value: unknown): string | undefined {
    if (typeof value !== "object" || value === null || !(handleBrand in value)) return undefined;
    const handle = value as TaskHandle & { [handleBrand]: DagDraft };
    if (handle[handleBrand] !== this)
      throw coreError("DAG_FOREIGN_TASK", { taskId: handle.id, otherDagId: handle.dagId, dagId: this.#dagId });
    return handle.id;
  }

  link(before: string, after: string): void {
    this.#links.push([before, after]);
  }

  linkAll(before: Linkable, after: Linkable): void {
    this.#links.push([before, after]);
  }

  branch(task: string, choices: readonly string[], prefix: string): void {
    this.#branches.push({ task, choices, prefix });
  }

  /** Checks the whole and gives what the definition needs; mistakes are added to the list. */
  finish(): Pick<Dag, "tasks" | "edges" | "groups"> {
    this.#closed = true;
    if (this.#tasks.length > mostTasks)
      this.mistakes.push(coreError("DAG_TOO_LARGE", { count: this.#tasks.length, limit: mostTasks }));
    // Defining tasks in another order than numbering them happens only after a mistake; numbers follow the list.
    for (const [number, task] of this.#tasks.entries()) this.#numbers.set(task.id, number);
    const plain = this.#edgesOf(
      this.#links.filter(([before, after]) => !this.#isGroupish(before) && !this.#isGroupish(after)),
      new Set(),
    );
    const withGroups = this.#edgesOf(this.#links, plain);
    const tasks = this.#resolveBranches(withGroups);
    const edges = [...withGroups].map((edge) => edge.split(",").map(Number) as unknown as readonly [number, number]);
    const cycle = findCycle(tasks.length, edges);
    if (cycle)
      this.mistakes.push(coreError("DAG_CYCLE", { cycle: cycle.map((number) => tasks[number].id).join(" → ") }));
    this.#checkRules(tasks, edges);
    return {
      tasks: Object.freeze(tasks),
      edges: Object.freeze(edges),
      groups: Object.freeze(
        [...this.#groups.values()].map((group) => Object.freeze({ id: group.id, tasks: Object.freeze(group.tasks) })),
      ),
    };
  }

  #handle(id: string): TaskHandle {
    const handle: TaskHandle = {
      id,
      dagId: this.#dagId,
      after: (...tasks) => {
        for (const task of tasks) this.linkAll(task, handle);
        return handle;
      },
      before: (...tasks) => {
        for (const task of tasks) this.linkAll(handle, task);
        return handle;
      },
    };
    Object.defineProperty(handle, handleBrand, { value: this });
    return handle;
  }

  #bind(input: InputSpec | undefined, taskId: string): InputBinding {
    if (input === undefined) return { shape: "none" };
    const idOf = (value: unknown, name: string): string => {
      const upstream = this.taskIdOf(value);
      if (upstream === undefined)
        throw coreError("DAG_OPTION_INVALID", {
          option: name,
          where: `task '${taskId}'`,
          value: shown(value),
          expected: "a task handle is needed",
        });
      this.link(upstream, taskId);
      return upstream;
    };
    if (this.taskIdOf(input) !== undefined) return { shape: "one", task: idOf(input, "input") };
    if (Array.isArray(input))
      return { shape: "list", tasks: input.map((value, index) => idOf(value, `input[${index}]`)) };
    if (typeof input !== "object" || input === null) idOf(input, "input");
    return {
      shape: "record",
      entries: Object.entries(input).map(([name, value]) => [name, idOf(value, `input.${name}`)] as const),
    };
  }

  #isGroupish(item: Linkable | string): boolean {
    if (typeof item === "string") return false;
    if (Array.isArray(item)) return item.some((part) => this.#isGroupish(part as Linkable));
    return this.#groups.has((item as TaskHandle).id);
  }

  #edgesOf(
    links: readonly (readonly [Linkable | string, Linkable | string])[],
    known: ReadonlySet<string>,
  ): Set<string> {
    const edges = new Set(known);
    for (const [before, after] of links) {
      for (const from of this.#ends(before, "last", known)) {
        for (const to of this.#ends(after, "first", known)) {
          const [a, b] = [this.#numbers.get(from), this.#numbers.get(to)];
          if (a !== undefined && b !== undefined) edges.add(`${a},${b}`);
        }
      }
    }
    return edges;
  }

  /** Task ids that a link really joins: of a group its first or last tasks (teardowns are not last). */
  #ends(item: Linkable | string, end: "first" | "last", edges: ReadonlySet<string>): readonly string[] {
    if (typeof item === "string") return [item];
    if (Array.isArray(item)) return (item as readonly Linkable[]).flatMap((part) => this.#ends(part, end, edges));
    const id = this.guard(() => this.taskIdOf(item));
    if (id === undefined) return [];
    const group = this.#groups.get(id);
    if (!group) return [id];
    const inside = new Set(group.tasks.map((task) => this.#numbers.get(task)));
    const inner = [...edges]
      .map((edge) => edge.split(",").map(Number))
      .filter(([from, to]) => inside.has(from) && inside.has(to));
    return group.tasks.filter((task) => {
      const number = this.#numbers.get(task) as number;
      if (number === undefined) return false;
      if (end === "first") return !inner.some(([, to]) => to === number);
      if (this.#tasks[number].role === "teardown") return false;
      return !inner.some(([from, to]) => from === number && this.#tasks[to].role !== "teardown");
    });
  }

  #resolveBranches(edges: Set<string>): TaskDefinition[] {
    const tasks = [...this.#tasks];
    for (const { task, choices, prefix } of this.#branches) {
      const number = this.#numbers.get(task);
      if (number === undefined) continue;
      const resolved = new Map<string, readonly string[]>();
      for (const choice of choices) {
        const id = `${prefix}${choice}`;
        const group = this.#groups.get(id);
        if (!group && !this.#numbers.has(id)) {
          this.mistakes.push(coreError("DAG_UNKNOWN_TASK", { where: `A choice of branch '${task}'`, taskId: id }));
          continue;
        }
        const ends = group ? this.#ends(this.#handle(id), "first", edges) : [id];
        resolved.set(choice, ends);
        for (const end of ends) edges.add(`${number},${this.#numbers.get(end)}`);
      }
      tasks[number] = { ...tasks[number], choices: resolved };
    }
    return tasks;
  }

  #checkRules(tasks: readonly TaskDefinition[], edges: Dag["edges"]): void {
    for (const [from, to] of edges) {
      const [setup, task] = [tasks[from], tasks[to]];
      if (setup.role === "setup" && task.role !== "teardown" && task.triggerRule !== "all_success") {
        this.mistakes.push(coreError("DAG_SETUP_RULE", { taskId: task.id, setupId: setup.id, rule: task.triggerRule }));
      }
    }
    if (!this.#failFast) return;
    for (const task of tasks) {
      if (task.role !== "teardown" && task.triggerRule !== "all_success")
        this.mistakes.push(coreError("DAG_FAIL_FAST_RULE", { taskId: task.id, rule: task.triggerRule }));
    }
  }
}
