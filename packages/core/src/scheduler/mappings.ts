import { tasksOfSource } from "../authoring/map-source.ts";
import { coreError, isMillraceError, messageOf } from "../errors.ts";
import { isFinished, type TaskState } from "../lifecycle/states.ts";
import type { Attempts } from "./attempts.ts";
import type { Desk } from "./desk.ts";
import type { Instance, LiveRun } from "./live-run.ts";

/** Makes the instances of mapped tasks, once the elements are known. */
export class Mappings {
  readonly #desk: Desk;
  readonly #attempts: Attempts;
  readonly #enqueue: (instance: Instance) => void;

  constructor(desk: Desk, attempts: Attempts, enqueue: (instance: Instance) => void) {
    this.#desk = desk;
    this.#attempts = attempts;
    this.#enqueue = enqueue;
  }

  /** Reads the elements. The results that they come from may be in this very group, so it waits until that is stored. */
  expand(run: LiveRun, taskNo: number): void {
    const { runNo } = run.row;
    const missing = missingSource(run, taskNo);
    // Some trigger rules are met before the list is there; the task is looked at again when its source ends.
    if (missing && !isFinished(missing.state)) return;
    const placeholder = run.instance(taskNo, this.#desk.nextOrder());
    if (missing) {
      const state = missing.state === "skipped" ? "skipped" : "upstream_failed";
      return this.#desk.progress.move(placeholder, state, `'${missing.taskId}' left no list to map over`);
    }
    run.activity++;
    this.#desk.plan.after(() => {
      const known = this.#attempts.viewOf(run).elements(taskNo);
      known.then(
        (elements) => this.#desk.post({ kind: "expanded", runNo, taskNo, elements, error: undefined }),
        (error: unknown) => this.#desk.post({ kind: "expanded", runNo, taskNo, elements: undefined, error }),
      );
    });
  }

  expanded(run: LiveRun, taskNo: number, elements: readonly unknown[] | undefined, error: unknown): void {
    const { plan, progress, now } = this.#desk;
    const placeholder = run.instances[taskNo];
    if (!placeholder || run.isEnding || run.mappings.has(taskNo) || placeholder.state !== "scheduled") return;
    run.activity--;
    this.#desk.check(run);
    const { id } = run.graph.tasks[taskNo];
    const longest = longestOf(run, taskNo);
    if (!elements)
      return progress.move(
        placeholder,
        "failed",
        isMillraceError(error) ? `${error.code}: ${error.message}` : messageOf(error),
      );
    if (elements.length > longest)
      return progress.move(
        placeholder,
        "failed",
        coreError("MAP_TOO_LONG", { taskId: id, length: elements.length, limit: longest }).message,
      );
    if (elements.length === 0) return progress.move(placeholder, "skipped", "there is nothing to map over");
    run.activity++;
    plan.add(
      {
        kind: "expandTask",
        runNo: run.row.runNo,
        taskNo,
        placeholderNo: placeholder.no,
        count: elements.length,
        at: now,
      },
      (outcome) => {
        run.activity--;
        if (outcome.status !== "expanded" || run.isEnding) return this.#desk.lostTouch(run);
        this.#add(run, taskNo, placeholder, elements, outcome.firstTaskInstanceNo);
        this.#desk.post({ kind: "poke" });
      },
    );
  }

  #add(run: LiveRun, taskNo: number, placeholder: Instance, elements: readonly unknown[], firstNo: number): void {
    run.instances[taskNo] = undefined;
    const instances = elements.map((_, index) =>
      run.newInstance(taskNo, index === 0 ? placeholder.no : firstNo + index - 1, index, this.#desk.nextOrder()),
    );
    run.mappings.set(taskNo, {
      bucket: undefined,
      elements,
      instances,
      unfinished: instances.length,
      endedAs: new Map(),
    });
    run.countMore(taskNo, instances.length - 1);
    for (const instance of instances) this.#enqueue(instance);
  }
}

/** What an author wrote out is as long as it is, and so are the results of a mapped task; all else is held to the limit. */
function longestOf(run: LiveRun, taskNo: number): number {
  const { tasks, numberOf } = run.graph;
  const { map } = tasks[taskNo];
  if (!map) return 0;
  const { over } = map;
  const isFree =
    over.kind === "literal" || (over.kind === "task" && tasks[numberOf.get(over.task) as number].map !== undefined);
  return isFree ? Number.POSITIVE_INFINITY : map.maxLength;
}

/** A task whose result the elements come from, but which has none (yet, or for good): some trigger rules let that happen. */
function missingSource(
  run: LiveRun,
  taskNo: number,
): { readonly taskId: string; readonly state: TaskState } | undefined {
  const { tasks, numberOf } = run.graph;
  const { map } = tasks[taskNo];
  for (const taskId of map ? tasksOfSource(map.over) : []) {
    const source = numberOf.get(taskId) as number;
    const state = run.stateOf(source);
    if (!isFinished(state) || (tasks[source].map === undefined && state !== "success")) return { taskId, state };
  }
  return undefined;
}
