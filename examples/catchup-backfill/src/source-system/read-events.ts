import { z } from "zod";
import type { World } from "../world.ts";
import { askGateway } from "./ask-gateway.ts";
import type { EventKind, GatewayEvent } from "./gateway-events.ts";
import type { Stretch } from "./read-shop.ts";

const eventList = z.object({
  count: z.int().nonnegative(),
  events: z.array(z.object({ id: z.string(), at: z.int(), amountCents: z.int().nonnegative() })),
});
const total = z.object({ count: z.int().nonnegative(), amountCents: z.int().nonnegative() });
const totals = z.object({ payment: total, visit: total });
const stock = z.object({ stock: z.array(z.object({ product: z.string(), level: z.int().nonnegative() })) });

export type GatewayTotals = z.output<typeof totals>;

/**
 * Events of one kind and time. An answer that brings fewer than it says, or one that is not of that time, is no answer: half
 * of the payments are worse than none.
 */
export async function readEvents(
  world: World,
  kind: EventKind,
  { start, end }: Stretch,
  signal: AbortSignal,
): Promise<readonly GatewayEvent[]> {
  const answer = eventList.parse(await askGateway(world, "/events", { kind, from: start, to: end }, signal));
  if (answer.events.length !== answer.count)
    throw new Error(`the gateway speaks of ${answer.count} events and sends ${answer.events.length}`);
  if (answer.events.some(({ at }) => at < start || at >= end))
    throw new Error("the gateway sends events of another time");
  return answer.events;
}

/** What the gateway says that there must be. */
export async function readTotals(world: World, { start, end }: Stretch, signal: AbortSignal): Promise<GatewayTotals> {
  return totals.parse(await askGateway(world, "/totals", { from: start, to: end }, signal));
}

/** The levels of stock at this moment. */
export async function readStock(world: World, signal: AbortSignal): Promise<z.output<typeof stock>["stock"]> {
  return stock.parse(await askGateway(world, "/stock", {}, signal)).stock;
}
