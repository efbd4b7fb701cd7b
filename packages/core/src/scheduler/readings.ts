import { coreError, isMillraceError, type MillraceError } from "../errors.ts";
import { isRunFinished } from "../lifecycle/states.ts";
import type { Followed } from "../runtime/decision.ts";
import type { DagRow, RunRow, Store, TaskInstanceRow, XComRef, XComRow } from "../store/contract.ts";
import type { DagBook } from "./dag-book.ts";
import { toldDeadlines } from "./deadlines.ts";
import { haveFailedInARow } from "./failed-in-a-row.ts";
import type { LiveRun, PastRun } from "./live-run.ts";
import type { LiveVersion } from "./live-version.ts";
import { loadPast, loadRun, type StoredRun } from "./load-run.ts";
import type { CatchupMessage, Message, OperateMessage } from "./messages.ts";
import { decidersOf } from "./operations/plan-clear.ts";
import type { OperationReading } from "./operations/plan-operation.ts";

/** What the messages of a tick need to know from the store. Read at its start, so nothing is written in between. */
export interface Readings {
  readonly runs: ReadonlyMap<number, StoredRun | undefined>;
  readonly pasts: ReadonlyMap<number, PastRun | undefined>;
  /** The version that a run keeps, or why there is none. Of runs that have ended only what memory has. */
  readonly versions: ReadonlyMap<number, LiveVersion | MillraceError | undefined>;
  /** For the one operation of the tick. */
  readonly operation?: OperationReading | MillraceError;
  /** Of all DAGs, or of those that were replaced. */
  readonly dagRows: readonly DagRow[];
  /** Of runs that are to run again, where something outside of the store is to go with them. */
  readonly xcoms: ReadonlyMap<number, readonly XComRow[]>;
  /** By the token of an attempt that has ended: the XComs that it removes, where something outside of the store is to go with them. */
  readonly removed: ReadonlyMap<number, readonly XComRow[]>;
  /** By run: the deadlines that it was told to have missed. */
  readonly told: ReadonlyMap<number, readonly number[]>;
  /** Ids of DAGs with too many failed runs in a row. */
  readonly failing: ReadonlySet<string>;
  /** Catchup settings that are stored already: only the answer of their group was lost. */
  readonly kept: ReadonlySet<CatchupMessage>;
}

/** What is known of one run. */
export interface RunReading {
  readonly stored: StoredRun | undefined;
  readonly past: PastRun | undefined;
  readonly version: LiveVersion | MillraceError | undefined;
}

export interface ReadingSources {
  readonly store: Store;
  readonly live: ReadonlyMap<number, LiveRun>;
  readonly dags: DagBook;
  /** XComs that are removed have kept something outside of the store. */
  readonly mayPurge: boolean;
  /** What a task that decides what follows it has decided; `undefined` when that was removed. */
  decisionOf(row: RunRow, decider: TaskInstanceRow): Promise<Followed | undefined>;
}

export const noReadings: Readings = {
  runs: new Map(),
  pasts: new Map(),
  versions: new Map(),
  dagRows: [],
  xcoms: new Map(),
  removed: new Map(),
  told: new Map(),
  failing: new Set(),
  kept: new Set(),
};

/** True when the message cannot be worked in from memory alone. */
export function needsReading(message: Message, { live, mayPurge }: Pick<ReadingSources, "live" | "mayPurge">): boolean {
  switch (message.kind) {
    case "reprocess":
      return mayPurge;
    case "finished":
      return mayPurge && message.outcome.deletes.length > 0;
    case "adopt":
      return message.why === "stale" || !live.has(message.runNo);
    case "cancel":
      return !live.has(message.runNo);
    case "catchup":
      return message.sent > 0;
    case "found":
    case "deadline":
    case "failed":
    case "operate":
    case "schedule":
    case "replaced":
      return true;
    case "activate":
      return live.get(message.runNo)?.version.dependsOnPast === true;
    default:
      return false;
  }
}

export async function readFor(messages: readonly Message[], sources: ReadingSources): Promise<Readings> {
  const { store, live, dags } = sources;
  const [first] = messages;
  if (first.kind === "operate") return { ...noReadings, operation: await readForOperation(first, sources) };
  const runs = new Map<number, StoredRun | undefined>();
  const pasts = new Map<number, PastRun | undefined>();
  const versions = new Map<number, LiveVersion | MillraceError | undefined>();
  const removed = new Map<number, readonly XComRow[]>();
  const told = new Map<number, readonly number[]>();
  const failing = new Set<string>();
  const kept = new Set<CatchupMessage>();
  const dagRows: DagRow[] = [];
  const xcoms = new Map<number, readonly XComRow[]>();
  for (const message of messages) {
    if (!needsReading(message, sources)) continue;
    if (message.kind === "reprocess") xcoms.set(message.runNo, await store.xcoms.ofRun(message.runNo));
    if (message.kind === "catchup" && (await isKept(store, message))) kept.add(message);
    if (message.kind === "schedule") dagRows.push(...(await store.dags.list()));
    if (message.kind === "replaced") {
      const rows = await Promise.all(message.dagIds.map((dagId) => store.dags.get(dagId)));
      dagRows.push(...rows.filter((row) => row !== undefined));
    }
    if (message.kind === "finished") removed.set(message.token, await rowsOf(store, message.outcome.deletes));
    if (message.kind === "failed" && (await haveFailedInARow(store, message))) failing.add(message.dagId);
    if (message.kind === "deadline") {
      told.set(message.runNo, await toldDeadlines(store, message.runNo));
      continue;
    }
    if (!("runNo" in message) || message.kind === "reprocess" || runs.has(message.runNo)) continue;
    const { runNo } = message;
    if (message.kind === "activate") {
      const run = live.get(runNo) as LiveRun;
      pasts.set(runNo, await loadPast(store, run.row, run.dag.catchup.isOn, live));
      continue;
    }
    const stored = await loadRun(store, runNo);
    runs.set(runNo, stored);
    if (!stored) continue;
    if (isRunFinished(stored.row.state)) {
      versions.set(runNo, dags.known(stored.row.versionNo));
      continue;
    }
    const version = await versionOf(dags, stored.row);
    versions.set(runNo, version);
    if (stored.row.state === "running" && "dependsOnPast" in version && version.dependsOnPast)
      pasts.set(runNo, await loadPast(store, stored.row, version.of.catchup.isOn, live));
  }
  return { runs, pasts, versions, dagRows, xcoms, removed, told, failing, kept };
}

async function isKept({ state }: Store, { change }: CatchupMessage): Promise<boolean> {
  return change !== undefined && ((await state.get(change.namespace, change.key)) ?? null) === change.value;
}

async function rowsOf(store: Store, refs: readonly XComRef[]): Promise<readonly XComRow[]> {
  const rows = await Promise.all(refs.map((ref) => store.xcoms.get(ref)));
  return rows.filter((row) => row !== undefined);
}

/** A version that is gone concerns its runs and nobody else. */
async function versionOf(dags: DagBook, row: RunRow): Promise<LiveVersion | MillraceError> {
  try {
    return await dags.versionOf(row);
  } catch (error) {
    if (isMillraceError(error) && error.code === "DAG_VERSION_GONE") return error;
    throw error;
  }
}

async function readForOperation(
  { runNo, operation }: OperateMessage,
  { store, dags, mayPurge, decisionOf }: ReadingSources,
): Promise<OperationReading | MillraceError> {
  const stored = await loadRun(store, runNo);
  if (!stored) return coreError("STORE_FAILED", { why: `run number ${runNo} is gone` });
  const version = await versionOf(dags, stored.row);
  if (version instanceof Error) return version;
  const decisions = new Map<number, Followed>();
  for (const decider of decidersOf(version.graph, stored.tasks)) {
    const decision = await decisionOf(stored.row, decider);
    if (decision !== undefined) decisions.set(decider.taskNo, decision);
  }
  const xcoms = mayPurge || operation.kind === "clearXComs" ? await store.xcoms.ofRun(runNo) : [];
  return { stored, version, decisions, xcoms };
}
