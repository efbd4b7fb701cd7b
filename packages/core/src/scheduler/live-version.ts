import type { Dag } from "../authoring/definition.ts";
import { tasksOfSource } from "../authoring/map-source.ts";
import type { CompiledGraph } from "../graph/compile.ts";
import type { Bucket } from "./admission.ts";
import type { LiveDag } from "./live-dag.ts";

/** One version of a DAG: the graph and the code that a run keeps from its beginning to its end. */
export class LiveVersion {
  readonly dag: Dag;
  readonly graph: CompiledGraph;
  readonly versionNo: number;
  readonly of: LiveDag;
  /** By task number, where it is the same for all instances of the task and was asked for. */
  readonly bucketOfTask: (Bucket | undefined)[];
  /** For tasks that others are mapped over: the longest list that they may return. */
  readonly longestResult = new Map<number, number>();
  readonly dependsOnPast: boolean;
  readonly hasMaps: boolean;
  /** Numbers of the tasks with a deadline. */
  readonly tasksWithDeadline: readonly number[];

  constructor(of: LiveDag, graph: CompiledGraph, versionNo: number) {
    const { dag } = graph;
    this.of = of;
    this.dag = dag;
    this.graph = graph;
    this.versionNo = versionNo;
    this.dependsOnPast = dag.tasks.some((task) => task.dependsOnPast);
    this.tasksWithDeadline = dag.tasks.flatMap(({ deadlineMs }, taskNo) => (deadlineMs === undefined ? [] : [taskNo]));
    this.hasMaps = dag.tasks.some((task) => task.map !== undefined);
    this.bucketOfTask = new Array<Bucket | undefined>(graph.count).fill(undefined);
    for (const task of dag.tasks) {
      if (!task.map) continue;
      for (const id of tasksOfSource(task.map.over)) {
        const source = graph.numberOf.get(id);
        // The list of a mapped task's results is as long as it is; only what one task returns is held to the limit.
        if (source === undefined || dag.tasks[source].map !== undefined) continue;
        const others = this.longestResult.get(source) ?? Number.POSITIVE_INFINITY;
        this.longestResult.set(source, Math.min(others, task.map.maxLength));
      }
    }
  }
}
