import type { Store } from "../store/contract.ts";
import type { LiveDag } from "./live-dag.ts";
import type { LiveRun, PastRun } from "./live-run.ts";
import { loadPast, loadRun, type StoredRun } from "./load-run.ts";
import type { Message } from "./messages.ts";

/** What the messages of a tick need to know from the store. Read at its start, so nothing is written in between. */
export interface Readings {
  readonly runs: ReadonlyMap<number, StoredRun | undefined>;
  readonly pasts: ReadonlyMap<number, PastRun | undefined>;
}

export interface ReadingSources {
  readonly store: Store;
  readonly live: ReadonlyMap<number, LiveRun>;
  dagOf(dagId: string): LiveDag | undefined;
}

export const noReadings: Readings = { runs: new Map(), pasts: new Map() };

/** True when the message cannot be worked in from memory alone. */
export function needsReading(message: Message, live: ReadonlyMap<number, LiveRun>): boolean {
  switch (message.kind) {
    case "adopt":
      return message.why === "stale" || !live.has(message.runNo);
    case "cancel":
      return !live.has(message.runNo);
    case "found":
      return true;
    case "activate":
      return live.get(message.runNo)?.dag.dependsOnPast === true;
    default:
      return false;
  }
}

export async function readFor(messages: readonly Message[], { store, live, dagOf }: ReadingSources): Promise<Readings> {
  const runs = new Map<number, StoredRun | undefined>();
  const pasts = new Map<number, PastRun | undefined>();
  for (const message of messages) {
    if (!("runNo" in message) || runs.has(message.runNo) || !needsReading(message, live)) continue;
    const { runNo } = message;
    if (message.kind === "activate") {
      const run = live.get(runNo) as LiveRun;
      pasts.set(runNo, await loadPast(store, run.row, run.graph.dag.catchup, live));
      continue;
    }
    const stored = await loadRun(store, runNo);
    runs.set(runNo, stored);
    const dag = stored && dagOf(stored.row.dagId);
    if (stored?.row.state === "running" && dag?.dependsOnPast)
      pasts.set(runNo, await loadPast(store, stored.row, dag.dag.catchup, live));
  }
  return { runs, pasts };
}
