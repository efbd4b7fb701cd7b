import { seededRandom } from "./seeded-random.ts";
import type { ShopCalendar } from "./shop-calendar.ts";

/** Payments must not be lost; visits are nice to have. */
export const eventKinds = ["payment", "visit"] as const;
export type EventKind = (typeof eventKinds)[number];

export interface GatewayEvent {
  readonly id: string;
  readonly at: number;
  readonly amountCents: number;
}

/** So many slots has a day; each brings one event. */
const slotsPerDay: Readonly<Record<EventKind, number>> = { payment: 96, visit: 288 };

/** What happened in the gateway from `from` until before `to`. Follows from the time alone: asked again, it is the same. */
export function gatewayEvents(calendar: ShopCalendar, kind: EventKind, from: number, to: number): GatewayEvent[] {
  const slotMs = calendar.dayMs / slotsPerDay[kind];
  const events: GatewayEvent[] = [];
  for (let slot = Math.floor((from - calendar.openedAt) / slotMs); ; slot++) {
    const begin = calendar.openedAt + slot * slotMs;
    if (begin >= to) return events;
    const random = seededRandom(`${kind} ${slot}`);
    const at = Math.floor(begin + random() * slotMs);
    if (at < from || at >= to) continue;
    events.push({
      id: `${kind}-${slot}`,
      at,
      amountCents: kind === "payment" ? 500 + Math.floor(random() * 20_000) : 0,
    });
  }
}
