import { type BackfillRow, type EngineEvent, formatDuration, type RunRow } from "@millrace/core/plugin";
import type { NotifyHost } from "../host.ts";
import type { NotifyFact } from "../message.ts";
import type { Ledger } from "../service/ledger.ts";
import { errorFacts } from "./error-facts.ts";
import type { Occasion } from "./occasion.ts";
import { failedTaskFacts, instantText, nameOf, runFacts } from "./run-facts.ts";

/** What occasions are made with. */
export interface OccasionContext {
  readonly host: Pick<NotifyHost, "store">;
  readonly includesErrorMessage: boolean;
  readonly mask: (text: string) => string;
}

const kinds = new Set([
  "run.failed",
  "run.success",
  "run.deadline_missed",
  "task.failed",
  "task.up_for_retry",
  "task.deadline_missed",
  "dag.paused",
  "backfill.running",
  "backfill.progress",
  "backfill.paused",
  "backfill.cancelled",
  "backfill.completed",
]);

/** Whether an event can be an occasion. Asked for every event of the engine. */
export function mayBeOccasion({ kind }: EngineEvent): boolean {
  return kinds.has(kind);
}

/** What an event is an occasion for; keeps account of failed runs in the ledger. */
export async function occasionsOf(event: EngineEvent, ledger: Ledger, context: OccasionContext): Promise<Occasion[]> {
  const { kind, dagId } = event;
  if (dagId === undefined) return [];
  switch (kind) {
    case "run.failed":
      return failedRun(event, dagId, ledger, context);
    case "run.success":
      return succeededRun(event, dagId, ledger, context);
    case "run.deadline_missed":
      return [missedDeadline(event, dagId, context)];
    case "task.failed":
    case "task.up_for_retry":
    case "task.deadline_missed":
      return ofTask(event, dagId, context);
    case "dag.paused":
      return paused(event, dagId);
    default:
      return ofBackfill(event, dagId, context);
  }
}

async function failedRun(
  event: EngineEvent,
  dagId: string,
  { streaks }: Ledger,
  { host, ...options }: OccasionContext,
): Promise<Occasion[]> {
  const { runNo = 0, runId, at } = event;
  const run = await host.store.runs.get(runNo);
  // The past that a backfill makes up for says nothing about how the DAG is now.
  if (run?.type !== "backfill") {
    const streak = streaks.get(dagId);
    streaks.set(dagId, { failed: (streak?.failed ?? 0) + 1, since: streak?.since ?? at });
  }
  return [
    {
      kind: "failure",
      subject: dagId,
      at,
      title: `A run of '${dagId}' failed`,
      dagId,
      ...(runId === undefined ? {} : { runId }),
      facts: async () => [...runFacts(run), ...(await failedTaskFacts(host, runNo, options))],
    },
  ];
}

async function succeededRun(
  event: EngineEvent,
  dagId: string,
  { streaks }: Ledger,
  { host }: OccasionContext,
): Promise<Occasion[]> {
  const { runNo = 0, runId, at } = event;
  const about = { subject: dagId, at, dagId, ...(runId === undefined ? {} : { runId }) };
  let run: Promise<RunRow | undefined> | undefined;
  const read = (): Promise<RunRow | undefined> => {
    run ??= host.store.runs.get(runNo);
    return run;
  };
  const success: Occasion = {
    ...about,
    kind: "success",
    title: `A run of '${dagId}' succeeded`,
    facts: async () => runFacts(await read()),
  };
  const streak = streaks.get(dagId);
  if (!streak || (await read())?.type === "backfill") return [success];
  streaks.delete(dagId);
  const { failed, since } = streak;
  const recovery: Occasion = {
    ...about,
    kind: "recovery",
    title: `'${dagId}' succeeds again after ${failed} failed run${failed === 1 ? "" : "s"}`,
    facts: async () => [
      { name: "Failing since", value: instantText(since) },
      { name: "For", value: formatDuration(Math.max(0, at - since)) },
      ...runFacts(await read()),
    ],
  };
  return [recovery, success];
}

function missedDeadline(event: EngineEvent, dagId: string, { host }: OccasionContext): Occasion {
  const { runNo = 0, runId, at } = event;
  return {
    kind: "deadline",
    subject: dagId,
    at,
    title: `A run of '${dagId}' missed its deadline`,
    dagId,
    ...(runId === undefined ? {} : { runId }),
    facts: async () => runFacts(await host.store.runs.get(runNo)),
  };
}

const ofTasks = {
  "task.failed": { kind: "task_failure", did: "failed" },
  "task.up_for_retry": { kind: "retry", did: "failed and is tried again" },
  "task.deadline_missed": { kind: "deadline", did: "missed its deadline" },
} as const;

function ofTask(event: EngineEvent, dagId: string, { host, ...options }: OccasionContext): Occasion[] {
  const { runId, taskId, mapIndex = -1, attempt, at, runNo = 0 } = event;
  if (taskId === undefined) return [];
  const { kind, did } = ofTasks[event.kind as keyof typeof ofTasks];
  const { error, wakeAt } = (event.data ?? {}) as { readonly error?: unknown; readonly wakeAt?: unknown };
  return [
    {
      kind,
      subject: `${dagId}/${taskId}`,
      at,
      title: `Task '${nameOf({ taskId, mapIndex })}' of '${dagId}' ${did}`,
      dagId,
      ...(runId === undefined ? {} : { runId }),
      taskId,
      ...(mapIndex < 0 ? {} : { mapIndex }),
      facts: async () => {
        const run = await host.store.runs.get(runNo);
        return [
          ...(attempt === undefined ? [] : [{ name: "Attempt", value: String(attempt) }]),
          ...errorFacts(error, options),
          ...(typeof wakeAt === "number" ? [{ name: "Tried again", value: instantText(wakeAt) }] : []),
          ...runFacts(run).filter(({ name }) => name === "Run" || name === "Data interval"),
        ];
      },
    },
  ];
}

/** Only what the engine does by itself: whoever pauses a DAG knows it. */
function paused({ at, data }: EngineEvent, dagId: string): Occasion[] {
  const { reason } = (data ?? {}) as { readonly reason?: unknown };
  if (typeof reason !== "string") return [];
  return [
    {
      kind: "paused",
      subject: undefined,
      at,
      title: `'${dagId}' was paused: too many of its runs have failed in a row`,
      dagId,
      facts: async () => [{ name: "Go on with", value: `millrace dags unpause ${dagId}` }],
    },
  ];
}

const backfillStates: Readonly<Record<string, string>> = {
  "backfill.running": "is under way",
  "backfill.paused": "was paused",
  "backfill.cancelled": "was cancelled",
  "backfill.completed": "is done",
};

/** What an event says of a backfill: its id, and how far it is where that is what is told. */
interface BackfillData {
  readonly backfillId?: unknown;
  readonly percent?: unknown;
}

/** How far it is by now; none where it was removed since. */
function countsOf(row: BackfillRow | undefined): NotifyFact[] {
  if (!row) return [];
  const { total, skipped, success, failed, cancelled, active } = row;
  return [
    { name: "Runs ended", value: `${success + failed + cancelled} of ${total - skipped}` },
    ...(failed > 0 ? [{ name: "Failed", value: String(failed) }] : []),
    ...(cancelled > 0 ? [{ name: "Cancelled", value: String(cancelled) }] : []),
    ...(active > 0 ? [{ name: "Active", value: String(active) }] : []),
  ];
}

function ofBackfill({ kind, at, data }: EngineEvent, dagId: string, { host }: OccasionContext): Occasion[] {
  const { backfillId, percent } = (data ?? {}) as BackfillData;
  if (typeof backfillId !== "string") return [];
  const state = backfillStates[kind] ?? `is ${Number(percent)} % done`;
  return [
    {
      kind: "backfill",
      subject: undefined,
      at,
      title: `Backfill '${backfillId}' of '${dagId}' ${state}`,
      dagId,
      backfillId,
      facts: async () => [
        ...countsOf(await host.store.backfills.find(backfillId)),
        { name: "Look at it with", value: `millrace backfill show ${backfillId}` },
      ],
    },
  ];
}
