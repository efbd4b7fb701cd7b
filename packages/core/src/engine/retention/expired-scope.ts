import type { Store } from "../../store/contract.ts";
import { type Clock, systemClock } from "../../time/clock.ts";
import type { RetentionRules } from "./retention-rules.ts";

/** What is looked at, and by which rules. */
export interface ExpiredScope {
  readonly store: Pick<Store, "dags" | "runs" | "tasks" | "xcoms" | "events" | "logs" | "state">;
  readonly rules: RetentionRules;
  /** Only runs of this DAG, and neither logs nor events of others. */
  readonly dagId?: string | undefined;
  readonly clock?: Clock;
}

/** Which of a DAG's runs are not kept, as the store is asked for them. */
export interface ExpiredQuery {
  readonly dagId: string;
  readonly query: { readonly dagNo: number; readonly endedBefore: number | null; readonly keep: number | null };
}

/** A question for each DAG of which runs may have to go. */
export async function expiredQueries(scope: ExpiredScope): Promise<readonly ExpiredQuery[]> {
  const { store, rules, dagId: only, clock = systemClock } = scope;
  const now = clock.now();
  return (await store.dags.list()).flatMap(({ dagId, dagNo }) => {
    if (only !== undefined && only !== dagId) return [];
    const { olderThanMs, keep } = rules.dags.get(dagId) ?? rules.runs;
    if (olderThanMs === null && keep === null) return [];
    return [{ dagId, query: { dagNo, endedBefore: olderThanMs === null ? null : now - olderThanMs, keep } }];
  });
}

/** Up to which numbers events and log lines are not kept; 0 for none. */
export async function oldUpTo(scope: ExpiredScope): Promise<{ readonly events: number; readonly lines: number }> {
  const { store, rules, dagId, clock = systemClock } = scope;
  const { eventsMs, logsMs } = rules;
  if (dagId !== undefined) return { events: 0, lines: 0 };
  return {
    events: eventsMs === null ? 0 : await store.events.lastBefore(clock.now() - eventsMs),
    lines: logsMs === null ? 0 : await store.logs.lastBefore(clock.now() - logsMs),
  };
}
