import { createHash } from "node:crypto";
import type { Dag, TaskDefinition } from "../authoring/definition.ts";
import type { NotifyRule } from "../authoring/notify-setting.ts";
import { type CatchupSetting, catchupText } from "../timetable/catchup.ts";

/** A DAG as JSON: for people, for the command, and to tell versions apart. Holds no function and no parameter value. */
export interface DagSnapshot {
  readonly v: 1;
  readonly id: string;
  readonly description?: string;
  readonly doc?: string;
  readonly owner?: string;
  readonly tags: readonly string[];
  readonly schedule: string | null;
  readonly startDate?: number | string;
  readonly endDate?: number;
  readonly timezone: string;
  readonly catchup: CatchupSetting;
  /** Name of the source that the setting is read from. */
  readonly catchupSource?: string;
  readonly maxActiveRuns: number;
  readonly maxActiveTasks: number;
  readonly maxConsecutiveFailedRuns?: number;
  readonly runTimeoutMs?: number;
  readonly deadlineMs?: number;
  readonly failFast: boolean;
  readonly runState: "leaves" | "any_failed";
  readonly notify?: NotifyRule;
  readonly tasks: readonly TaskSnapshot[];
  readonly groups: Dag["groups"];
}

export interface TaskSnapshot {
  readonly id: string;
  readonly kind: TaskDefinition["kind"];
  readonly role: TaskDefinition["role"];
  readonly triggerRule: string;
  /** Task numbers. */
  readonly upstream: readonly number[];
  readonly retries: number;
  readonly pool: string;
  readonly poolSlots: number;
  readonly priority: number;
  readonly weightRule: string;
  readonly executionTimeoutMs?: number;
  readonly deadlineMs?: number;
  /** Absent: inline. */
  readonly isolation?: "thread";
  readonly choices?: readonly string[];
  readonly notify?: NotifyRule;
  readonly doc?: string;
}

export function snapshotOf(dag: Dag): DagSnapshot {
  const upstream: number[][] = dag.tasks.map(() => []);
  for (const [from, to] of dag.edges) upstream[to].push(from);
  return {
    v: 1,
    id: dag.id,
    description: dag.description,
    doc: dag.doc,
    owner: dag.owner,
    tags: dag.tags,
    schedule: dag.schedule?.describe() ?? null,
    startDate: dag.startDate,
    endDate: dag.endDate,
    timezone: dag.timezone,
    catchup: catchupText(dag.catchup),
    ...(dag.catchupSource && { catchupSource: dag.catchupSource.name }),
    maxActiveRuns: dag.maxActiveRuns,
    maxActiveTasks: dag.maxActiveTasks,
    maxConsecutiveFailedRuns: dag.maxConsecutiveFailedRuns || undefined,
    runTimeoutMs: dag.runTimeoutMs,
    deadlineMs: dag.deadlineMs,
    failFast: dag.failFast,
    runState: dag.runState,
    notify: dag.notify,
    tasks: dag.tasks.map((task, number) => ({
      id: task.id,
      kind: task.kind,
      role: task.role,
      triggerRule: task.triggerRule,
      upstream: upstream[number],
      retries: task.retries.max,
      pool: task.pool,
      poolSlots: task.poolSlots,
      priority: task.priority,
      weightRule: task.weightRule,
      executionTimeoutMs: task.executionTimeoutMs,
      deadlineMs: task.deadlineMs,
      isolation: task.isolation === "thread" ? "thread" : undefined,
      choices: task.choices === undefined ? undefined : [...task.choices.keys()],
      notify: task.notify,
      doc: task.doc,
    })),
    groups: dag.groups,
  };
}

/** Names a version: the same text for the same snapshot, whatever process made it. */
export function fingerprintOf(snapshotText: string): string {
  return createHash("sha256").update(snapshotText).digest("hex");
}
