import type { TaskDefinition } from "../authoring/definition.ts";
import { type Catchup, catchupOff } from "../timetable/catchup.ts";
import { type Bucket, Limit, type Share } from "./admission.ts";
import type { LiveRun } from "./live-run.ts";
import type { LiveVersion } from "./live-version.ts";
import { NewestSuccess } from "./newest-success.ts";

/** A registered DAG and what its runs share, whatever version of it they have. */
export class LiveDag implements Share {
  readonly dagId: string;
  readonly dagNo: number;
  readonly tasks: Limit;
  served = 0;
  isPaused: boolean;
  activeRuns = 0;
  /** Runs that wait for their turn, oldest first. */
  readonly queuedRuns: LiveRun[] = [];
  /** Candidates that wait for the same limits, by the name of these. */
  readonly buckets = new Map<string, Bucket>();
  /** The version that new runs get. `undefined` for a DAG that is there no more: runs of it may still go on. */
  current: LiveVersion | undefined;
  /** Its scheduled runs that have not ended, by number. */
  readonly scheduledRuns = new Set<number>();
  readonly newestSuccess = new NewestSuccess();
  /** A catchup setting from outside of the code, from when it is known on. */
  catchupSet: Catchup | undefined;
  /** How many of its runs may be active; that of the version that was current last. */
  maxActiveRuns = 1;
  /** Versions with something to reset: those that were current or that a run was restored with. */
  readonly #versions = new Set<LiveVersion>();
  /** Limits of tasks with `maxActivePerDag`, by task id. */
  readonly #perTask = new Map<string, Limit>();

  constructor(dag: { readonly dagId: string; readonly dagNo: number; readonly isPaused: boolean }) {
    this.dagId = dag.dagId;
    this.dagNo = dag.dagNo;
    this.isPaused = dag.isPaused;
    this.tasks = new Limit(`maxActiveTasks of DAG '${dag.dagId}'`, 0);
  }

  /** What holds: the setting from outside of the code, else the code's. */
  get catchup(): Catchup {
    return this.catchupSet ?? this.current?.dag.catchup ?? catchupOff;
  }

  /** New runs get this version, and its limits hold for all. */
  become(version: LiveVersion): void {
    const { dag } = version;
    this.knows(version);
    // A source that has not been read changes nothing yet.
    if (dag.catchupSource && this.current) this.catchupSet ??= this.catchup;
    this.current = version;
    this.maxActiveRuns = dag.maxActiveRuns;
    this.tasks.capacity = dag.maxActiveTasks;
    for (const task of dag.tasks) {
      const limit = this.#perTask.get(task.id);
      if (limit && task.maxActivePerDag !== undefined) limit.capacity = task.maxActivePerDag;
    }
  }

  /** A run of it has this version, which may be an old one. */
  knows(version: LiveVersion): void {
    if (this.#versions.size === 0) {
      this.tasks.capacity = version.dag.maxActiveTasks;
      this.maxActiveRuns = version.dag.maxActiveRuns;
    }
    this.#versions.add(version);
  }

  /** What holds for this task over all runs of the DAG, if its author set something. */
  limitOf(task: TaskDefinition): Limit | undefined {
    if (task.maxActivePerDag === undefined) return undefined;
    let limit = this.#perTask.get(task.id);
    if (!limit) {
      limit = new Limit(`maxActivePerDag of task '${task.id}'`, task.maxActivePerDag);
      this.#perTask.set(task.id, limit);
    }
    return limit;
  }

  /** The run whose turn it is: the oldest one, those of backfills after all others. */
  nextQueued(): LiveRun | undefined {
    const place = Math.max(
      this.queuedRuns.findIndex(({ row }) => row.type !== "backfill"),
      0,
    );
    return this.queuedRuns.splice(place, 1)[0];
  }

  /** Every limit of its own. */
  limits(): readonly Limit[] {
    return [this.tasks, ...this.#perTask.values()];
  }

  /** Forgets what its runs hold; used when they are rebuilt from the store. */
  reset(): void {
    this.activeRuns = 0;
    this.queuedRuns.length = 0;
    this.scheduledRuns.clear();
    this.newestSuccess.forget();
    this.buckets.clear();
    for (const version of this.#versions) version.bucketOfTask.fill(undefined);
    for (const limit of this.limits()) limit.reset();
  }
}
