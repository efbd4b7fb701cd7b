import type { Store } from "../../store/contract.ts";
import { type Clock, systemClock } from "../../time/clock.ts";
import type { RetentionRules, RunRule } from "./retention-rules.ts";

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
    const rule = rules.dags.get(dagId) ?? rules.runs;
    return keepsAll(rule) ? [] : [queryOf({ dagId, dagNo }, rule, now)];
  });
}

/** The same for runs whose XComs have to go. A DAG of which everything is kept keeps these too. */
export async function expiredXComQueries(scope: ExpiredScope): Promise<readonly ExpiredQuery[]> {
  const { store, rules, dagId: only, clock = systemClock } = scope;
  if (keepsAll(rules.xcoms)) return [];
  const now = clock.now();
  return (await store.dags.list()).flatMap(({ dagId, dagNo }) => {
    const own = rules.dags.get(dagId);
    if ((only !== undefined && only !== dagId) || (own && keepsAll(own))) return [];
    return [queryOf({ dagId, dagNo }, rules.xcoms, now)];
  });
}

function keepsAll({ olderThanMs, keep }: RunRule): boolean {
  return olderThanMs === null && keep === null;
}

function queryOf(
  { dagId, dagNo }: { readonly dagId: string; readonly dagNo: number },
  { olderThanMs, keep }: RunRule,
  now: number,
): ExpiredQuery {
  return { dagId, query: { dagNo, endedBefore: olderThanMs === null ? null : now - olderThanMs, keep } };
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
