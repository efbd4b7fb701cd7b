import type { LineageRecord, StateAccessor, TaskContext, TaskMetrics } from "../authoring/context.ts";
import type { MetricSample } from "../observe/metrics/task-metric-sink.ts";
import type { SecretAccess } from "../secrets/secret-reader.ts";
import type { XComRead } from "../store/contract.ts";
import { formatInstant } from "../time/instant.ts";
import { type Instant, instantOf } from "../time/temporal.ts";
import type { DataInterval } from "../timetable/timetable.ts";
import { AttemptXComs, type XComServices } from "../xcom/accessor.ts";
import { XComReads } from "../xcom/xcom-reads.ts";
import { accessKey, type EngineAccess } from "./engine-access.ts";
import type { Job } from "./job.ts";
import type { LogSink } from "./log-sink.ts";
import { type AttemptLog, attemptLog } from "./output/attempt-log.ts";
import type { Printing } from "./output/task-console.ts";
import { stateAccessor, taskStateNamespace } from "./state-accessor.ts";
import { taskMetrics } from "./task-metrics.ts";

/** What attempts need of the engine. */
export interface RuntimeServices extends XComServices {
  readonly logs: Pick<LogSink, "write">;
  readonly access: EngineAccess;
  readonly secrets: SecretAccess;
  /** Takes what an attempt measured; plain data, and never throws. */
  record(dagId: string, taskId: string, sample: MetricSample): void;
}

const none: readonly XComRead[] = [];
const lineageKey = "data_lineage";

/** The context of one attempt. What costs something to make is made when it is first asked for. */
export class AttemptContext implements TaskContext, Printing {
  whenOver?: () => void;
  #isOver = false;
  readonly input: unknown;
  readonly element: unknown;
  readonly #job: Job;
  readonly #services: RuntimeServices;
  #xcom: AttemptXComs | undefined;
  #log: AttemptLog | undefined;
  #reads: XComReads | undefined;
  #lineage: Promise<unknown> = Promise.resolve();

  constructor(job: Job, services: RuntimeServices, input: unknown, element: unknown, reads?: XComReads) {
    this.#job = job;
    this.#services = services;
    this.input = input;
    this.element = element;
    this.#reads = reads;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The attempt has come to its end, in whatever way. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.whenOver?.();
  }

  get [accessKey](): EngineAccess {
    return this.#services.access;
  }

  get params(): unknown {
    return this.#job.run.params;
  }

  get conf(): TaskContext["conf"] {
    return this.#job.run.conf as TaskContext["conf"];
  }

  get interval(): DataInterval {
    const { intervalStart, intervalEnd } = this.#job.run;
    return { start: instantOf(intervalStart), end: instantOf(intervalEnd) };
  }

  get previous(): TaskContext["previous"] {
    const { previous } = this.#job.run;
    if (!previous) return undefined;
    const { runId, intervalStart, intervalEnd } = previous;
    return { runId, interval: { start: instantOf(intervalStart), end: instantOf(intervalEnd) } };
  }

  get logicalDate(): Instant {
    return instantOf(this.#job.run.logicalDate);
  }

  get run(): TaskContext["run"] {
    return { id: this.#job.run.runId, type: this.#job.run.type };
  }

  get dag(): TaskContext["dag"] {
    return { id: this.#job.run.dag.id };
  }

  get task(): TaskContext["task"] {
    return { id: this.#job.task.id, mapIndex: this.#job.mapIndex };
  }

  get attempt(): number {
    return this.#job.attempt;
  }

  get idempotencyKey(): string {
    const { run, task, mapIndex } = this.#job;
    return `${run.dag.id}/${run.runId}/${task.id}/${mapIndex}`;
  }

  get xcom(): AttemptXComs {
    const { run, task, taskInstanceNo, mapIndex, attempt, isResumed } = this.#job;
    this.#reads ??= new XComReads();
    this.#xcom ??= new AttemptXComs(this.#services, {
      run,
      taskId: task.id,
      taskInstanceNo,
      mapIndex,
      attempt,
      reads: this.#reads,
      startsAnew: attempt > 1 && !isResumed,
    });
    return this.#xcom;
  }

  /** The accessor, if the task has used it. */
  get usedXComs(): AttemptXComs | undefined {
    return this.#xcom;
  }

  /** What it has read, input among it. */
  get reads(): readonly XComRead[] {
    return this.#reads?.list ?? none;
  }

  get state(): StateAccessor {
    const { run, task, mapIndex } = this.#job;
    const of = { dagId: run.dag.id, runId: run.runId, taskId: task.id, mapIndex };
    return stateAccessor(this.#services, taskStateNamespace(of));
  }

  get dagState(): StateAccessor {
    return stateAccessor(this.#services, `dag/${this.#job.run.dag.id}`);
  }

  get log(): AttemptLog {
    this.#log ??= attemptLog(
      this.#services.now,
      (line) => this.#services.logs.write(this.#job, line),
      () => this.#record({ kind: "log_line_dropped" }),
    );
    return this.#log;
  }

  get metrics(): TaskMetrics {
    return taskMetrics((sample) => this.#record(sample));
  }

  get signal(): AbortSignal {
    return this.#job.abort.signal;
  }

  get secret(): TaskContext["secret"] {
    return (name) => this.#services.secrets.secret(name);
  }

  get connection(): TaskContext["connection"] {
    return (name) => this.#services.secrets.connection(name);
  }

  get lineage(): TaskContext["lineage"] {
    return (dataSource, transformation) => {
      const record: LineageRecord = {
        source_task: this.#job.task.id,
        data_source: dataSource,
        transformation,
        timestamp: formatInstant(this.#services.now()),
        dag_run_id: this.#job.run.runId,
      };
      // One after the other: each adds to the list that the one before has left.
      const added = this.#lineage.then(() => this.#addLineage(record));
      this.#lineage = added.catch(() => undefined);
      return this.xcom.track(added);
    };
  }

  #record(sample: MetricSample): void {
    this.#services.record(this.#job.run.dag.id, this.#job.task.id, sample);
  }

  async #addLineage(record: LineageRecord): Promise<LineageRecord> {
    const soFar = (await this.xcom.pull({ key: lineageKey, default: [] })) as LineageRecord[];
    await this.xcom.push(lineageKey, [...soFar, record]);
    return record;
  }
}
