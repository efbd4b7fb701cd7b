import type { Dag } from "../authoring/definition.ts";
import { countElements, elementsOf, type MapSource, tasksOfSource } from "../authoring/map-source.ts";
import { coreError } from "../errors.ts";
import type { RunType } from "../lifecycle/states.ts";
import { resultOf } from "../runtime/attempt.ts";
import type { RuntimeServices } from "../runtime/context.ts";
import type { JobRun, PreviousSuccess } from "../runtime/job.ts";
import type { RunFacet } from "../store/contract.ts";
import type { LiveRun } from "./live-run.ts";
import type { SchedulerServices } from "./services.ts";

/** A live run as attempts see it. */
export class LiveJobRun implements JobRun {
  readonly #run: LiveRun;
  readonly #services: RuntimeServices;
  readonly #previousRun: RunFacet["previous"];
  /** `undefined`: not looked up yet. */
  #previous: PreviousSuccess | "none" | undefined;

  constructor(run: LiveRun, services: Pick<SchedulerServices, "runtime" | "previousRun">) {
    this.#run = run;
    this.#services = services.runtime;
    this.#previousRun = services.previousRun;
  }

  get previous(): PreviousSuccess | undefined {
    return this.#previous === "none" ? undefined : this.#previous;
  }

  prepare(): Promise<void> | undefined {
    if (this.#previous !== undefined) return undefined;
    const found = this.#run.dag.newestSuccess.before(this.#run.row, this.#previousRun);
    if (found instanceof Promise) return found.then((success) => this.#keepPrevious(success));
    this.#keepPrevious(found);
    return undefined;
  }

  /** Several attempts may have asked: they all see what the first was told. */
  #keepPrevious(success: PreviousSuccess | undefined): void {
    this.#previous ??= success ?? "none";
  }

  get runNo(): number {
    return this.#run.row.runNo;
  }

  get runId(): string {
    return this.#run.row.runId;
  }

  get dagNo(): number {
    return this.#run.row.dagNo;
  }

  get dag(): Dag {
    return this.#run.graph.dag;
  }

  get type(): RunType {
    return this.#run.row.type;
  }

  get logicalDate(): number {
    return this.#run.row.logicalDate;
  }

  get intervalStart(): number {
    return this.#run.row.intervalStart;
  }

  get intervalEnd(): number {
    return this.#run.row.intervalEnd;
  }

  get params(): unknown {
    return this.#run.params;
  }

  get conf(): Readonly<Record<string, unknown>> {
    return this.#run.conf;
  }

  taskNoOf(taskId: string): number | undefined {
    return this.#run.graph.numberOf.get(taskId);
  }

  isMapped(taskNo: number): boolean {
    return this.#run.graph.tasks[taskNo].map !== undefined;
  }

  instancesOf(taskNo: number): readonly number[] {
    const mapping = this.#run.mappings.get(taskNo);
    return mapping ? mapping.instances.map((instance) => instance.no) : [this.#run.firstNo + taskNo];
  }

  longestResultOf(taskNo: number): number | undefined {
    return this.#run.version.longestResult.get(taskNo);
  }

  async elementOf(taskNo: number, mapIndex: number): Promise<unknown> {
    const mapping = this.#run.mappings.get(taskNo);
    if (!mapping) return undefined;
    mapping.elements ??= await this.elements(taskNo);
    return mapping.elements[mapIndex];
  }

  /** All elements that a mapped task runs over, read from the results of its sources. */
  async elements(taskNo: number): Promise<readonly unknown[]> {
    const task = this.#run.graph.tasks[taskNo];
    if (!task.map) return [];
    const sources = tasksOfSource(task.map.over);
    const results = new Map(
      await Promise.all(sources.map(async (source) => [source, await resultOf(source, this, this.#services)] as const)),
    );
    const { over, maxLength } = task.map;
    const resultIn = (source: string): unknown => results.get(source);
    const length = countElements(over, resultIn, task.id);
    if (length > maxLength && !this.#isFreeOfLimit(over))
      throw coreError("MAP_TOO_LONG", { taskId: task.id, length, limit: maxLength });
    return elementsOf(over, resultIn, task.id);
  }

  /** What an author wrote out is as long as it is, and so are the results of a mapped task; all else is held to the limit. */
  #isFreeOfLimit(over: MapSource): boolean {
    if (over.kind === "literal") return true;
    return over.kind === "task" && this.isMapped(this.taskNoOf(over.task) as number);
  }
}
