import type { DatabaseSync } from "node:sqlite";
import type { EventKind, GatewayEvent } from "../source-system/gateway-events.ts";
import type { GatewayTotals } from "../source-system/read-events.ts";
import type { Stretch } from "../source-system/read-shop.ts";
import type { LoadOutcome } from "./load-log.ts";
import { inOneTransaction } from "./open-target.ts";

/** Puts the events of one kind and interval in the place of those that were there. The same again changes nothing. */
export function loadEvents(
  target: DatabaseSync,
  kind: EventKind,
  { start }: Stretch,
  events: readonly GatewayEvent[],
): LoadOutcome {
  return inOneTransaction(target, () => {
    const known = target
      .prepare(
        `SELECT event_id AS id, at, amount_cents AS amountCents FROM gateway_events
         WHERE kind = ? AND interval_start = ? ORDER BY at, event_id`,
      )
      .all(kind, start);
    const wanted = events.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    if (known.length > 0 && JSON.stringify(known) === JSON.stringify(wanted)) return "unchanged";
    target.prepare("DELETE FROM gateway_events WHERE kind = ? AND interval_start = ?").run(kind, start);
    const row = target.prepare("INSERT INTO gateway_events VALUES (?, ?, ?, ?, ?)");
    for (const { id, at, amountCents } of wanted) row.run(id, kind, start, at, amountCents);
    return known.length > 0 ? "replaced" : "loaded";
  });
}

/** What the target holds of an interval. */
export function eventTotals(target: DatabaseSync, { start }: Stretch): GatewayTotals {
  const of = (kind: EventKind) =>
    target
      .prepare(
        `SELECT count(*) AS count, coalesce(sum(amount_cents), 0) AS amountCents FROM gateway_events
         WHERE kind = ? AND interval_start = ?`,
      )
      .get(kind, start) as { count: number; amountCents: number };
  return { payment: of("payment"), visit: of("visit") };
}
