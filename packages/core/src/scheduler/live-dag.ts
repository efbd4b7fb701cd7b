import type { Dag } from "../authoring/definition.ts";
import { tasksOfSource } from "../authoring/map-source.ts";
import type { CompiledGraph } from "../graph/compile.ts";
import { type Bucket, Limit, type Share } from "./admission.ts";
import type { LiveRun } from "./live-run.ts";

/** A registered DAG and what its runs share. */
export class LiveDag implements Share {
  readonly dag: Dag;
  readonly graph: CompiledGraph;
  readonly dagNo: number;
  readonly versionNo: number;
  readonly tasks: Limit;
  served = 0;
  isPaused: boolean;
  activeRuns = 0;
  /** Runs that wait for their turn, oldest first. */
  readonly queuedRuns: LiveRun[] = [];
  /** Limits of tasks with `maxActivePerDag`, by task number. */
  readonly perTask = new Map<number, Limit>();
  /** Candidates that wait for the same limits, by the name of these. */
  readonly buckets = new Map<string, Bucket>();
  /** By task number, where it is the same for all instances of the task and was asked for. */
  readonly bucketOfTask: (Bucket | undefined)[];
  /** For tasks that others are mapped over: the longest list that they may return. */
  readonly longestResult = new Map<number, number>();
  readonly dependsOnPast: boolean;
  readonly hasMaps: boolean;

  constructor(
    graph: CompiledGraph,
    numbers: { readonly dagNo: number; readonly versionNo: number; readonly isPaused: boolean },
  ) {
    const { dag } = graph;
    this.dag = dag;
    this.graph = graph;
    this.dagNo = numbers.dagNo;
    this.versionNo = numbers.versionNo;
    this.isPaused = numbers.isPaused;
    this.tasks = new Limit(`DAG '${dag.id}' (maxActiveTasks ${dag.maxActiveTasks})`, dag.maxActiveTasks);
    this.dependsOnPast = dag.tasks.some((task) => task.dependsOnPast);
    this.bucketOfTask = new Array<Bucket | undefined>(graph.count).fill(undefined);
    this.hasMaps = dag.tasks.some((task) => task.map !== undefined);
    dag.tasks.forEach((task, taskNo) => {
      if (task.maxActivePerDag !== undefined)
        this.perTask.set(
          taskNo,
          new Limit(`task '${task.id}' (maxActivePerDag ${task.maxActivePerDag})`, task.maxActivePerDag),
        );
      if (!task.map) return;
      for (const id of tasksOfSource(task.map.over)) {
        const source = graph.numberOf.get(id);
        // The list of a mapped task's results is as long as it is; only what one task returns is held to the limit.
        if (source === undefined || dag.tasks[source].map !== undefined) continue;
        const others = this.longestResult.get(source) ?? Number.POSITIVE_INFINITY;
        this.longestResult.set(source, Math.min(others, task.map.maxLength));
      }
    });
  }

  /** Forgets what its runs hold; used when they are rebuilt from the store. */
  reset(): void {
    this.activeRuns = 0;
    this.queuedRuns.length = 0;
    this.buckets.clear();
    this.bucketOfTask.fill(undefined);
    this.tasks.reset();
    for (const limit of this.perTask.values()) limit.reset();
  }
}
