import { shown } from "../errors.ts";
import type { TriggerRule } from "../readiness/trigger-rule.ts";
import { latestOnlyTask, shellTask, triggerTask } from "../runtime/built-in-tasks.ts";
import type { TaskContext } from "./context.ts";
import type { TaskDefinition, TaskKind } from "./definition.ts";
import type { DagDraft } from "./draft.ts";
import type { GroupHandle, MappedTaskHandle, TaskHandle } from "./handles.ts";
import { isDagId, isTaskId } from "./identifiers.ts";
import { type ElementOf, type MapOver, parseMapSource, tasksOfSource } from "./map-source.ts";
import { isOperator, type Operator } from "./operator.ts";
import { OptionReader } from "./option-reader.ts";
import type {
  BranchOptions,
  ChainItem,
  InputSpec,
  MapOptions,
  ResolvedInput,
  ShellOptions,
  ShortCircuitOptions,
  TaskDefaults,
  TaskOptions,
  TriggerOptions,
} from "./options.ts";
import { parseDefaults, parseTaskOptions } from "./parse-task-options.ts";

export { DagDraft } from "./draft.ts";

/** A task's function: gets the context, returns the result that downstream tasks take. */
export type TaskFunction<P, In, T> = (context: TaskContext<P, In>) => T | Promise<T>;

/** What a branch function may return. */
export type BranchChoice<C extends string> = C | readonly C[] | null;

/** An operator's input, as a handle; an operator without one takes none. */
type UseOverrides<In> = Omit<TaskOptions, "input"> &
  ([In] extends [undefined] ? { readonly input?: undefined } : { readonly input: TaskHandle<In> });

const longestMap = 1_024;

/** Adds tasks and their order to a DAG; what `dag(...)` hands to its build function. */
export class DagBuilder<P = unknown> {
  readonly #draft: DagDraft;
  readonly #prefix: string;
  readonly #defaults: TaskDefaults;

  /** @internal */
  constructor(draft: DagDraft, prefix: string, defaults: TaskDefaults) {
    this.#draft = draft;
    this.#prefix = prefix;
    this.#defaults = defaults;
  }

  /** A task. Its result goes to tasks that name it as `input`. */
  task<T>(id: string, run: TaskFunction<P, undefined, T>): TaskHandle<T>;
  task<T, const I extends InputSpec | undefined = undefined, const R extends TriggerRule = "all_success">(
    id: string,
    options: TaskOptions<I, R>,
    run: TaskFunction<P, ResolvedInput<I, R>, T>,
  ): TaskHandle<T>;
  task(id: string, ...rest: unknown[]): TaskHandle {
    const [options, run] = optionsAndRun(rest);
    return this.#add(id, "task", this.#options(id, options), run);
  }

  /** One instance of a task for each element, made when the elements are known. No element: the task is skipped. */
  map<
    T,
    const S extends MapOver,
    const I extends InputSpec | undefined = undefined,
    const R extends TriggerRule = "all_success",
  >(
    id: string,
    options: MapOptions<S, I, R>,
    run: (context: TaskContext<P, ResolvedInput<I, R>> & { readonly element: ElementOf<S> }) => T | Promise<T>,
  ): MappedTaskHandle<T> {
    const taskId = this.#full(id);
    const { over, maxActive, maxMapLength = longestMap, ...others } = this.#options(id, options);
    const handle = this.#add(id, "map", others, run as TaskDefinition["run"], () => {
      const read = this.#reader(id);
      const source = parseMapSource(over, (value) => this.#draft.taskIdOf(value, "over", taskId), taskId);
      for (const upstream of tasksOfSource(source)) this.#draft.link([upstream], [taskId]);
      return {
        map: {
          over: source,
          maxActive: read.wholeNumber("maxActive", maxActive, 1),
          maxLength: read.wholeNumber("maxMapLength", maxMapLength, 1),
        },
      };
    });
    return handle as MappedTaskHandle<T>;
  }

  /** A task that chooses which of its choices go on; the others, and what only follows from them, are skipped. */
  branch<
    const C extends string,
    const I extends InputSpec | undefined = undefined,
    const R extends TriggerRule = "all_success",
  >(
    id: string,
    options: BranchOptions<I, R, C>,
    run: TaskFunction<P, ResolvedInput<I, R>, BranchChoice<NoInfer<C>>>,
  ): TaskHandle<BranchChoice<C>> {
    const { choices, ...others } = this.#options(id, options);
    const handle = this.#add(id, "branch", others, run as TaskDefinition["run"]);
    this.#draft.branch(handle.id, choices, this.#prefix);
    return handle as TaskHandle<BranchChoice<C>>;
  }

  /** A task that skips what follows it when it returns something empty (false, null, 0, "", [] or {}). */
  shortCircuit<T, const I extends InputSpec | undefined = undefined, const R extends TriggerRule = "all_success">(
    id: string,
    options: ShortCircuitOptions<I, R>,
    run: TaskFunction<P, ResolvedInput<I, R>, T>,
  ): TaskHandle<T>;
  shortCircuit<T>(id: string, run: TaskFunction<P, undefined, T>): TaskHandle<T>;
  shortCircuit(id: string, ...rest: unknown[]): TaskHandle {
    const [given, run] = optionsAndRun<ShortCircuitOptions<InputSpec, TriggerRule>>(rest);
    const { ignoreDownstreamTriggerRules: ignores, ...options } = this.#options(id, given);
    return this.#add(id, "short_circuit", options, run, () => ({
      ignoreDownstreamTriggerRules: this.#reader(id).flag("ignoreDownstreamTriggerRules", ignores, true),
    }));
  }

  /** Skips its direct downstream tasks unless the run is about the latest interval of the schedule. */
  latestOnly(id: string, options: TaskOptions<undefined> = {}): TaskHandle<boolean> {
    return this.#add(id, "latest_only", this.#options(id, options), latestOnlyTask(this.#draft.schedule), () => ({
      ignoreDownstreamTriggerRules: false,
    })) as TaskHandle<boolean>;
  }

  /** A task that does nothing: a place to join or to start from. */
  empty(id: string, options: TaskOptions = {}): TaskHandle<undefined> {
    return this.#add(id, "empty", this.#options(id, options), undefined) as TaskHandle<undefined>;
  }

  /** Runs a program. Its result is the last line that it printed; the rest goes to the task's log. */
  shell<const I extends InputSpec | undefined = undefined>(id: string, options: ShellOptions<I>): TaskHandle<string> {
    const { command, shell = false, cwd, env, ...others } = this.#options(id, options);
    // Its function is made even where the command is wrong: one mistake is enough.
    const run = this.#draft.guard(() =>
      shellTask({ taskId: this.#full(id), command: command as ShellOptions["command"], shell, cwd, env }),
    );
    return this.#add(id, "shell", others, run ?? (() => "")) as TaskHandle<string>;
  }

  /** Starts a run of another DAG; its result is that run's id. */
  trigger<const I extends InputSpec | undefined = undefined>(
    id: string,
    options: TriggerOptions<I>,
  ): TaskHandle<string> {
    const { dagId = "", params, conf, runId, wait = false, ...others } = this.#options(id, options);
    const run = triggerTask({ dagId, params, conf, runId, wait });
    return this.#add(id, "trigger", others, run, () => {
      if (!isDagId(dagId)) this.#reader(id).wrong("dagId", dagId, "the id of a DAG is needed");
      return {};
    }) as TaskHandle<string>;
  }

  /** Places a reusable task, with options of this place. */
  use<T, In = undefined>(
    id: string,
    operator: Operator<T, In>,
    ...overrides: [In] extends [undefined] ? [overrides?: UseOverrides<In>] : [overrides: UseOverrides<In>]
  ): TaskHandle<T> {
    if (!isOperator(operator)) this.#reader(id).wrong("operator", operator, "what operator(...) returns is needed");
    const options = { ...operator?.options, ...withoutUndefined(this.#options(id, overrides[0])) };
    return this.#add(id, "operator", options, operator?.run as TaskDefinition["run"]) as TaskHandle<T>;
  }

  /** Tasks that belong together; their ids get the group's in front. `defaults` apply to its tasks. */
  group<R>(id: string, build: (g: DagBuilder<P>) => R): GroupHandle<R>;
  group<R>(id: string, options: { readonly defaults?: TaskDefaults }, build: (g: DagBuilder<P>) => R): GroupHandle<R>;
  group(id: string, ...rest: unknown[]): GroupHandle {
    const [options, build] = optionsAndRun<{ defaults?: TaskDefaults }>(rest) as unknown as [
      { defaults?: TaskDefaults },
      (g: DagBuilder<P>) => unknown,
    ];
    const groupId = this.#full(id);
    const where = `group '${groupId}'`;
    const read = new OptionReader(where, this.#draft.mistakes);
    const given = read.options("options", options);
    read.noOthers(given, { defaults: true });
    const defaults = { ...this.#defaults, ...parseDefaults(where, given.defaults, this.#draft.mistakes) };
    return this.#draft.addGroup(id, groupId, () => {
      if (typeof build === "function") return build(new DagBuilder<P>(this.#draft, `${groupId}.`, defaults));
      return read.wrong("build", build, "a function that adds the group's tasks is needed");
    });
  }

  /** Each item runs after the one before it; a list stands for all its tasks. */
  chain(...items: readonly ChainItem[]): void {
    for (let index = 1; index < items.length; index++) this.#draft.linkItems(items[index - 1], items[index]);
  }

  #full(id: string): string {
    // What is no id is a mistake, told in messages that hold it in this form.
    return `${this.#prefix}${isTaskId(id) ? id : shown(id)}`;
  }

  #reader(id: string): OptionReader {
    return new OptionReader(`task '${this.#full(id)}'`, this.#draft.mistakes);
  }

  #options<O extends object>(id: string, options: O | undefined): Partial<O> {
    return this.#reader(id).options("options", options);
  }

  #add(
    id: string,
    kind: TaskKind,
    options: TaskOptions,
    run: TaskDefinition["run"],
    more?: () => Partial<TaskDefinition>,
  ): TaskHandle {
    const taskId = this.#full(id);
    const draft = this.#draft;
    return draft.addTask(id, taskId, () => {
      if (kind !== "empty" && typeof run !== "function")
        this.#reader(id).wrong("run", run, "the task's function is needed, as the last argument");
      const parsed = parseTaskOptions(taskId, options, { ...draft.defaults, ...this.#defaults }, draft.mistakes);
      const input = draft.bind(options.input, taskId);
      if (options.setups !== undefined) draft.linkSetups(options.setups, taskId);
      return {
        id: taskId,
        kind,
        input,
        map: undefined,
        choices: undefined,
        ignoreDownstreamTriggerRules: true,
        run,
        ...parsed,
        ...(alwaysInline.has(kind) ? { isolation: "inline" } : {}),
        ...more?.(),
      };
    });
  }
}

/** What Millrace itself does in these tasks takes no time worth a thread. */
const alwaysInline: ReadonlySet<TaskKind> = new Set(["empty", "shell", "latest_only", "trigger"]);

function optionsAndRun<O = TaskOptions>(rest: readonly unknown[]): [O, TaskDefinition["run"]] {
  return rest.length === 1
    ? [{} as O, rest[0] as TaskDefinition["run"]]
    : [(rest[0] ?? {}) as O, rest[1] as TaskDefinition["run"]];
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
