import type { CompiledGraph } from "../graph/compile.ts";
import { TASK_STATES, type TaskState } from "../lifecycle/states.ts";
import type { UpstreamCounts, UpstreamTotals } from "../readiness/trigger-rule.ts";
import type { AbortHandle } from "../runtime/job.ts";
import type { RunRow } from "../store/contract.ts";
import type { Bucket, Candidate } from "./admission.ts";
import type { LiveJobRun } from "./job-run.ts";
import type { LiveDag } from "./live-dag.ts";
import type { LiveVersion } from "./live-version.ts";
import type { RestoredWait } from "./restore-run.ts";

const codeOf = new Map(TASK_STATES.map((state, code) => [state, code]));
export const scheduledCode = codeOf.get("scheduled") as number;

/** Places of the counters that a run keeps for each task, about the instances right before it. */
const success = 0;
const failed = 1;
const skipped = 2;
const upstreamFailed = 3;
const done = 4;
const successSetup = 5;
const skippedSetup = 6;
const total = 7;
/** Setups beyond one per setup task: those of mapped setups. */
const moreSetups = 8;
const width = 9;

/** Weights have 32 bits. */
const beyondAllWeights = 2 ** 33;

/**
 * What runs share that can have nothing in these: an empty map takes a microsecond and 200 bytes, and there would be four
 * for each of many small runs.
 */
const none = new Map<never, never>();
const nobody = new Set<never>();

/** One instance that has been touched: ready, running, waiting for an instant. Made when needed; most of a run's tasks have none at most times. */
export class Instance implements Candidate {
  readonly run: LiveRun;
  readonly taskNo: number;
  readonly no: number;
  readonly mapIndex: number;
  readonly order: number;
  state: TaskState = "scheduled";
  attempt = 0;
  /** Attempts that do not count against its retries. */
  uncounted = 0;
  /** Attempts that ended with their process. */
  crashes = 0;
  /** One more and it fails: it is attempted alone, so that no other is lost with it. */
  isSuspect = false;
  /** It is attempted next while nothing else is. */
  isAlone = false;
  token = 0;
  /** It was read back before its upstreams had decided about it. */
  isUndecided = false;
  /** In a bucket, waiting for its turn. */
  isReady = false;
  /** The placeholder of a mapped task whose elements are being read. */
  isExpanding = false;
  /** Its attempt under way goes on after a reschedule or an event. */
  isResumed = false;
  bucket: Bucket | undefined;
  abort: AbortHandle | undefined;
  cancelTimer: (() => void) | undefined;
  awaits: string | null = null;
  /** The executor was given its attempt. */
  isSubmitted = false;
  /** The reading of the monotonic clock at which the attempt under way has taken too long. */
  timesOutAt: number | null = null;
  startedAt: number | null = null;
  endedAt: number | null = null;
  error: string | null = null;
  /** Why it was moved without an attempt. */
  reason: string | null = null;

  constructor(run: LiveRun, taskNo: number, no: number, mapIndex: number, order: number) {
    this.run = run;
    this.taskNo = taskNo;
    this.no = no;
    this.mapIndex = mapIndex;
    this.order = order;
  }

  get weight(): number {
    return this.run.graph.weights[this.taskNo] - this.run.handicap;
  }

  get logicalDate(): number {
    return this.run.row.logicalDate;
  }
}

/** A mapped task once its elements are known. */
export interface Mapping {
  bucket: Bucket | undefined;
  /** `undefined` after a restart, until somebody needs them. */
  elements: readonly unknown[] | undefined;
  readonly instances: Instance[];
  unfinished: number;
  readonly endedAs: Map<TaskState, number>;
}

/**
 * An active run in memory: a state per task, and per task counters of the instances before it. Ending a task touches the
 * counters of its direct downstreams and nothing else. It holds what the store holds; after a failed commit it is thrown away.
 */
export class LiveRun {
  readonly row: RunRow;
  readonly dag: LiveDag;
  /** The version that it keeps, whatever becomes of the DAG meanwhile. */
  readonly version: LiveVersion;
  readonly graph: CompiledGraph;
  readonly firstNo: number;
  readonly params: unknown;
  readonly conf: Readonly<Record<string, unknown>>;
  readonly states: Uint8Array;
  readonly #counts: Int32Array;
  /** By task number, where there is one. */
  readonly instances: (Instance | undefined)[];
  readonly mappings: Map<number, Mapping>;
  /** Tasks (mapped ones as a whole) that have not ended. */
  unfinished: number;
  /** Instances ready, running, waiting for an instant or an event, and expansions under way. 0 with something unfinished is a deadlock. */
  activity = 0;
  failures = 0;
  /** A DAG with failFast had its first failure. */
  hasFailedFast = false;
  /** Set once the run is being ended: nothing of it starts any more. */
  isEnding = false;
  /** True from its first task on (`running`); before, it waits for its turn among the DAG's runs. */
  isActive = false;
  isQueued = false;
  /** The run before this one, for tasks that depend on their past. */
  past: PastRun | undefined;
  /** By task id: those of later runs that wait for that task of this one. */
  readonly pastWaiters: Map<string, (() => void)[]>;
  /** Runs that depend on this one and were held back by it. */
  readonly followers: Set<LiveRun>;
  /** Tasks held back by their past, with the sentence why. */
  readonly heldByPast: Map<number, string>;
  /** It waits for a past that cannot come right by itself. */
  isBlocked = false;
  /** Memory was found to be wrong about it; it is read again soon. */
  isStale = false;
  cancelTimeout: (() => void) | undefined;
  cancelDeadline: (() => void) | undefined;
  /** Deadlines that were missed and told; see `Deadlines`. */
  toldDeadlines: Set<number> | undefined;
  startedAt: number | null;
  /** Tasks of a backfill go after those of all other runs, whatever their weights. */
  readonly handicap: number;
  /** Of a run that was read back and has not begun again: its instances that wait for something. */
  restoredWaits: readonly RestoredWait[] | undefined;
  /** The run as attempts see it; made for the first of them. */
  view: LiveJobRun | undefined;

  constructor(
    row: RunRow,
    version: LiveVersion,
    firstNo: number,
    params: unknown,
    conf: Readonly<Record<string, unknown>>,
  ) {
    this.row = row;
    const { graph } = version;
    this.dag = version.of;
    this.version = version;
    this.graph = graph;
    this.firstNo = firstNo;
    this.params = params;
    this.conf = conf;
    this.states = new Uint8Array(graph.count);
    this.#counts = new Int32Array(graph.count * width);
    this.instances = new Array<Instance | undefined>(graph.count);
    this.mappings = version.hasMaps ? new Map() : none;
    this.pastWaiters = version.dependsOnPast ? new Map() : none;
    this.followers = version.dependsOnPast ? new Set() : nobody;
    this.heldByPast = version.dependsOnPast ? new Map() : none;
    this.unfinished = graph.count;
    this.handicap = row.type === "backfill" ? beyondAllWeights : 0;
    this.startedAt = row.startedAt;
    for (let taskNo = 0; taskNo < graph.count; taskNo++)
      this.#counts[taskNo * width + total] = graph.upstream[taskNo].length;
  }

  stateOf(taskNo: number): TaskState {
    return TASK_STATES[this.states[taskNo]];
  }

  setState(taskNo: number, state: TaskState): void {
    this.states[taskNo] = codeOf.get(state) as number;
  }

  isUntouched(taskNo: number): boolean {
    if (this.states[taskNo] !== scheduledCode || this.mappings.has(taskNo)) return false;
    const instance = this.instances[taskNo];
    return instance === undefined || instance.isUndecided;
  }

  /** The instance of a task that is not mapped, or of a mapped one before it was expanded. */
  instance(taskNo: number, order: number): Instance {
    this.instances[taskNo] ??= new Instance(this, taskNo, this.firstNo + taskNo, -1, order);
    return this.instances[taskNo];
  }

  newInstance(taskNo: number, no: number, mapIndex: number, order: number): Instance {
    return new Instance(this, taskNo, no, mapIndex, order);
  }

  /** Task and map index of an instance number. */
  nameOf(instanceNo: number): { readonly taskId: string; readonly mapIndex: number } | undefined {
    const taskNo = instanceNo - this.firstNo;
    if (taskNo >= 0 && taskNo < this.graph.count)
      return { taskId: this.graph.tasks[taskNo].id, mapIndex: this.mappings.has(taskNo) ? 0 : -1 };
    for (const [mapped, { instances }] of this.mappings) {
      // All but the first have consecutive numbers.
      const instance = instances[instanceNo - (instances[1]?.no ?? instanceNo) + 1];
      if (instance?.no === instanceNo) return { taskId: this.graph.tasks[mapped].id, mapIndex: instance.mapIndex };
    }
    return undefined;
  }

  /** Copies the counters of a task into `into`; gives the numbers of instances and of setups before it. */
  readCounts(taskNo: number, into: UpstreamCounts): UpstreamTotals {
    const at = taskNo * width;
    const counts = this.#counts;
    into.success = counts[at + success];
    into.failed = counts[at + failed];
    into.skipped = counts[at + skipped];
    into.upstreamFailed = counts[at + upstreamFailed];
    into.removed = 0;
    into.done = counts[at + done];
    into.successSetup = counts[at + successSetup];
    into.skippedSetup = counts[at + skippedSetup];
    return { upstream: counts[at + total], setups: this.graph.setupCount[taskNo] + counts[at + moreSetups] };
  }

  /** An instance of `upstreamNo` has ended so: its direct downstreams are told. */
  count(upstreamNo: number, state: TaskState): void {
    const place =
      state === "success"
        ? success
        : state === "skipped"
          ? skipped
          : state === "upstream_failed"
            ? upstreamFailed
            : state === "removed"
              ? -1
              : failed;
    const isSetup = this.graph.tasks[upstreamNo].role === "setup";
    for (const taskNo of this.graph.downstream[upstreamNo]) {
      const at = taskNo * width;
      if (place < 0) {
        this.#counts[at + total]--;
        if (isSetup) this.#counts[at + moreSetups]--;
        continue;
      }
      this.#counts[at + place]++;
      this.#counts[at + done]++;
      if (isSetup && place === success) this.#counts[at + successSetup]++;
      if (isSetup && place === skipped) this.#counts[at + skippedSetup]++;
    }
  }

  /** A mapped task has this many instances instead of one: its downstreams wait for all of them. */
  countMore(upstreamNo: number, more: number): void {
    const isSetup = this.graph.tasks[upstreamNo].role === "setup";
    for (const taskNo of this.graph.downstream[upstreamNo]) {
      this.#counts[taskNo * width + total] += more;
      if (isSetup) this.#counts[taskNo * width + moreSetups] += more;
    }
  }

  /** Every instance there is an object for. */
  *touched(): Generator<Instance> {
    for (const instance of this.instances) if (instance) yield instance;
    for (const mapping of this.mappings.values()) yield* mapping.instances;
  }
}

/** The run before, as far as depends-on-past looks at it. */
export interface PastRun {
  readonly runNo: number;
  /** As the store had it when it was not live. */
  states: ReadonlyMap<string, TaskState>;
  /** As memory had it last; once it has ended, how it ended. */
  live: LiveRun | undefined;
  /** The run that asks is the first one of its backfill, which depends on nothing before. */
  readonly isIgnored: boolean;
}
