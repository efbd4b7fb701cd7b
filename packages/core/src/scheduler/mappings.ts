import { tasksOfSource } from "../authoring/map-source.ts";
import { isMillraceError, messageOf } from "../errors.ts";
import { isFinished, type TaskState } from "../lifecycle/states.ts";
import type { Attempts } from "./attempts.ts";
import type { Desk } from "./desk.ts";
import type { Instance, LiveRun } from "./live-run.ts";

/** Makes the instances of mapped tasks, once the elements are known. */
export class Mappings {
  readonly #desk: Desk;
  readonly #attempts: Attempts;
  readonly #enqueue: (instance: Instance) => void;
  /** Elements that became known in this tick. */
  readonly #known = new Map<Instance, readonly unknown[]>();

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
    placeholder.isUndecided = false;
    placeholder.isExpanding = true;
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
    const { progress } = this.#desk;
    const placeholder = run.instances[taskNo];
    if (!placeholder?.isExpanding) return;
    if (elements && elements.length > 0) {
      this.#known.set(placeholder, elements);
      return;
    }
    this.#endExpansion(placeholder);
    if (elements) return progress.move(placeholder, "skipped", "there is nothing to map over");
    progress.move(placeholder, "failed", isMillraceError(error) ? `${error.code}: ${error.message}` : messageOf(error));
  }

  /** Plans the instances of all tasks that are still to run when everything else of the tick is worked in. */
  planInstances(): void {
    const { plan, now } = this.#desk;
    for (const [placeholder, elements] of this.#known) {
      const { run, taskNo, no: placeholderNo } = placeholder;
      if (!placeholder.isExpanding || run.isEnding) continue;
      plan.add(
        { kind: "expandTask", runNo: run.row.runNo, taskNo, placeholderNo, count: elements.length, at: now },
        (outcome) => {
          if (outcome.status !== "expanded") return this.#desk.lostTouch(run);
          this.#endExpansion(placeholder);
          this.#add(run, taskNo, placeholder, elements, outcome.firstTaskInstanceNo);
          this.#desk.post({ kind: "poke" });
        },
      );
    }
    this.#known.clear();
  }

  /** Forgets what was to be planned; used after a failed commit. */
  reset(): void {
    this.#known.clear();
  }

  #endExpansion(placeholder: Instance): void {
    placeholder.isExpanding = false;
    placeholder.run.activity--;
    this.#desk.check(placeholder.run);
  }

  #add(run: LiveRun, taskNo: number, placeholder: Instance, elements: readonly unknown[], firstNo: number): void {
    run.instances[taskNo] = undefined;
    const instances = elements.map((_, index) =>
      run.newInstance(taskNo, index === 0 ? placeholder.no : firstNo + index - 1, index, this.#desk.nextOrder()),
    );
    // Attempts of a mapping that was cleared as a whole count on in the instance that stayed.
    const [first] = instances;
    first.attempt = placeholder.attempt;
    first.uncounted = placeholder.uncounted;
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
