import { coreError, isMillraceError, type MillraceError, shown } from "../errors.ts";
import type { Timetable } from "../timetable/timetable.ts";
import { checkDraft } from "./check-draft.ts";
import type { Dag, InputBinding, TaskDefinition } from "./definition.ts";
import type { GroupHandle, TaskHandle } from "./handles.ts";
import { isTaskId } from "./identifiers.ts";
import type { TaskDefaults } from "./options.ts";
import { type DraftLink, resolveEdges } from "./resolve-edges.ts";

const handleBrand = Symbol.for("millrace.task-handle");

/** A DAG while it is being built: collects tasks, order and mistakes, then checks the whole. */
export class DagDraft {
  readonly mistakes: MillraceError[];
  readonly schedule: Timetable | null;
  readonly defaults: TaskDefaults;
  readonly #dagId: string;
  readonly #failFast: boolean;
  readonly #tasks: TaskDefinition[] = [];
  readonly #taskIds = new Set<string>();
  readonly #groups = new Map<string, string[]>();
  readonly #openGroups: string[][] = [];
  readonly #links: DraftLink[] = [];
  readonly #setups = new Map<string, readonly string[]>();
  readonly #branches: { readonly task: string; readonly choices: readonly string[]; readonly prefix: string }[] = [];
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

  /** @param define - may throw coded errors, which become mistakes; the task is not there then */
  addTask(ownId: string, taskId: string, define: () => TaskDefinition): TaskHandle {
    this.#assertOpen(`Task '${taskId}'`);
    const handle = this.#handle(taskId);
    if (!this.#takeId("Task", ownId, taskId)) return handle;
    this.#taskIds.add(taskId);
    const definition = this.guard(define);
    if (!definition) return handle;
    this.#tasks.push(Object.freeze(definition));
    for (const group of this.#openGroups) group.push(taskId);
    return handle;
  }

  addGroup(ownId: string, groupId: string, build: () => unknown): GroupHandle {
    this.#assertOpen(`Group '${groupId}'`);
    this.#takeId("Group", ownId, groupId);
    const tasks: string[] = [];
    this.#groups.set(groupId, tasks);
    this.#openGroups.push(tasks);
    let outputs: unknown;
    try {
      outputs = build();
    } finally {
      this.#openGroups.pop();
    }
    this.refusePromise(outputs, `group '${groupId}'`);
    return this.#handle(groupId, { outputs }) as TaskHandle & { readonly outputs: unknown };
  }

  /** Tasks that are added later than the build function returns would be missing. */
  refusePromise(returned: unknown, what: string): void {
    if (typeof returned !== "object" || returned === null || !("then" in returned)) return;
    Promise.resolve(returned).catch(() => undefined);
    this.mistakes.push(coreError("DAG_BUILD_ASYNC", { what }));
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

  /** The id of a handle, of a task or group; handles of other DAGs are refused. */
  idOf(value: unknown): string | undefined {
    if (typeof value !== "object" || value === null || !(handleBrand in value)) return undefined;
    const handle = value as TaskHandle & { [handleBrand]: DagDraft };
    if (handle[handleBrand] !== this)
      throw coreError("DAG_FOREIGN_TASK", { taskId: handle.id, otherDagId: handle.dagId, dagId: this.#dagId });
    return handle.id;
  }

  /** The id of a task's handle, for an option that takes results: a group has none. */
  taskIdOf(value: unknown, option: string, taskId: string): string | undefined {
    const id = this.idOf(value);
    if (id === undefined || !this.#groups.has(id)) return id;
    throw wrong(option, `task '${taskId}'`, `the group ${id}`, "a task handle is needed");
  }

  /** Reads what a task takes from others; these stand before it. */
  bind(input: unknown, taskId: string): InputBinding {
    if (input === undefined) return { shape: "none" };
    const take = (value: unknown, option: string): string => {
      const upstream = this.taskIdOf(value, option, taskId);
      if (upstream === undefined) throw wrong(option, `task '${taskId}'`, value, "a task handle is needed");
      this.link([upstream], [taskId]);
      return upstream;
    };
    if (this.idOf(input) !== undefined || typeof input !== "object" || input === null)
      return { shape: "one", task: take(input, "input") };
    if (Array.isArray(input))
      return { shape: "list", tasks: input.map((value, index) => take(value, `input[${index}]`)) };
    return {
      shape: "record",
      entries: Object.entries(input).map(([name, value]) => [name, take(value, `input.${name}`)] as const),
    };
  }

  link(from: readonly string[], to: readonly string[]): void {
    this.#links.push({ from, to });
  }

  /** Links what an author put in order: handles of tasks and groups, and lists of these. */
  linkItems(from: unknown, to: unknown): void {
    this.#assertOpen("A dependency");
    const ends = this.guard(() => [this.#idsOf(from), this.#idsOf(to)] as const);
    if (ends) this.link(...ends);
  }

  /** The setups of a teardown: they stand before it. */
  linkSetups(setups: unknown, teardown: string): void {
    const ids = this.guard(() => this.#idsOf(setups)) ?? [];
    this.#setups.set(teardown, ids);
    this.link(ids, [teardown]);
  }

  branch(task: string, choices: unknown, prefix: string): void {
    const areIds =
      Array.isArray(choices) && choices.length > 0 && choices.every((choice) => typeof choice === "string");
    if (areIds) this.#branches.push({ task, choices, prefix });
    else this.mistakes.push(wrong("choices", `task '${task}'`, choices, "a list of ids of tasks or groups is needed"));
  }

  /** Checks the whole and gives what the definition needs; mistakes are added to the list. */
  finish(): Pick<Dag, "tasks" | "edges" | "groups"> {
    this.#closed = true;
    for (const { task, choices, prefix } of this.#branches) {
      for (const choice of choices) {
        const id = `${prefix}${choice}`;
        if (this.#taskIds.has(id) || this.#groups.has(id)) this.link([task], [id]);
        else this.mistakes.push(unknownChoice(task, id));
      }
    }
    const { edges, firstOf } = resolveEdges(this.#tasks, this.#groups, this.#links);
    const choicesOf = new Map(
      this.#branches.map(({ task, choices, prefix }) => [
        task,
        new Map(choices.map((choice) => [choice, firstOf(`${prefix}${choice}`)])),
      ]),
    );
    const tasks = this.#tasks.map((task) =>
      choicesOf.has(task.id) ? Object.freeze({ ...task, choices: choicesOf.get(task.id) }) : task,
    );
    this.mistakes.push(...checkDraft(tasks, edges, this.#setups, this.#failFast));
    const groups = [...this.#groups].map(([id, inside]) => Object.freeze({ id, tasks: Object.freeze(inside) }));
    return { tasks: Object.freeze(tasks), edges: Object.freeze(edges), groups: Object.freeze(groups) };
  }

  #assertOpen(what: string): void {
    if (this.#closed) throw coreError("DAG_CLOSED", { what, dagId: this.#dagId });
  }

  /** False when the id is somebody else's. */
  #takeId(what: "Task" | "Group", ownId: string, id: string): boolean {
    if (!isTaskId(ownId)) this.mistakes.push(coreError("DAG_ID_INVALID", { what, id: shown(ownId) }));
    if (!this.#taskIds.has(id) && !this.#groups.has(id)) return true;
    this.mistakes.push(coreError("DAG_DUPLICATE_TASK", { taskId: id }));
    return false;
  }

  #handle(id: string, more: object = {}): TaskHandle {
    const handle: TaskHandle = {
      ...more,
      id,
      dagId: this.#dagId,
      after: (...items) => {
        for (const item of items) this.linkItems(item, handle);
        return handle;
      },
      before: (...items) => {
        for (const item of items) this.linkItems(handle, item);
        return handle;
      },
    };
    Object.defineProperty(handle, handleBrand, { value: this });
    return Object.freeze(handle);
  }

  #idsOf(item: unknown): readonly string[] {
    if (Array.isArray(item)) return item.flatMap((part) => this.#idsOf(part));
    const id = this.idOf(item);
    if (id === undefined)
      throw wrong("order", `DAG '${this.#dagId}'`, item, "handles of tasks and groups are needed, or lists of these");
    return [id];
  }
}

function unknownChoice(task: string, id: string): MillraceError {
  const taskId = shown(id).slice(1, -1);
  return coreError("DAG_UNKNOWN_TASK", { where: `A choice of branch '${task}'`, taskId });
}

function wrong(option: string, where: string, value: unknown, expected: string): MillraceError {
  return coreError("DAG_OPTION_INVALID", { option, where, value: shown(value), expected });
}
