import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "@millrace/core";
import { type EventKind, eventKinds, gatewayEvents } from "./gateway-events.ts";
import { seededRandom } from "./seeded-random.ts";
import { dayOf, type ShopCalendar } from "./shop-calendar.ts";

/**
 * How the gateway is. `down`: it hangs up. `slow`: it never gets round to an answer. `lying`: it says that all is well and
 * leaves out a part of what it is asked for.
 */
export const gatewayModes = ["up", "down", "slow", "lying"] as const;
export type GatewayMode = (typeof gatewayModes)[number];

export interface Gateway extends AsyncDisposable {
  readonly url: string;
  /** Answers and refusals so far, by path. */
  readonly requests: ReadonlyMap<string, number>;
  /** Tells it how to be. A function is asked at every request. */
  be(mode: GatewayMode | ((now: number) => GatewayMode)): void;
}

/** The levels of stock that there are now. Nobody has kept those of the past. */
export interface StockLevel {
  readonly product: string;
  readonly level: number;
}

const stocked = ["espresso", "croissant", "sourdough loaf", "granola 500 g", "beans 1 kg", "oat milk"];

/** The shop's gateway, on a free port of this machine. */
export async function startGateway(world: {
  readonly clock: Clock;
  readonly calendar: ShopCalendar;
}): Promise<Gateway> {
  let modeAt: (now: number) => GatewayMode = () => "up";
  const requests = new Map<string, number>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://gateway");
    requests.set(url.pathname, (requests.get(url.pathname) ?? 0) + 1);
    if (url.pathname === "/mode" && request.method === "POST") {
      const wanted = gatewayModes.find((mode) => mode === url.searchParams.get("is"));
      if (!wanted) return answer(response, 400, { error: `modes are ${gatewayModes.join(", ")}` });
      modeAt = () => wanted;
      return answer(response, 200, { mode: wanted });
    }
    const now = world.clock.now();
    const mode = modeAt(now);
    if (mode === "down") return void request.socket.destroy();
    if (mode === "slow") return;
    if (url.pathname === "/health") return answer(response, 200, { status: "ok" });
    if (url.pathname === "/stock") return answer(response, 200, { stock: stockAt(world.calendar, now) });
    const [from, to] = ["from", "to"].map((name) => Number(url.searchParams.get(name) ?? "none"));
    if (!Number.isFinite(from) || !Number.isFinite(to))
      return answer(response, 400, { error: "from and to are needed" });
    const eventsOf = (kind: EventKind) => gatewayEvents(world.calendar, kind, from, Math.min(to, now));
    if (url.pathname === "/totals")
      return answer(
        response,
        200,
        Object.fromEntries(
          eventKinds.map((kind) => {
            const events = eventsOf(kind);
            return [kind, { count: events.length, amountCents: sumOf(events) }];
          }),
        ),
      );
    const kind = eventKinds.find((one) => one === url.searchParams.get("kind"));
    if (url.pathname !== "/events" || !kind) return answer(response, 404, { error: "there is no such page" });
    const events = eventsOf(kind);
    const told = mode === "lying" ? events.filter((_, place) => place % 10 !== 3) : events;
    return answer(response, 200, { count: events.length, events: told });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    be: (mode) => {
      modeAt = typeof mode === "function" ? mode : () => mode;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify(body));
}

function sumOf(events: readonly { readonly amountCents: number }[]): number {
  return events.reduce((sum, { amountCents }) => sum + amountCents, 0);
}

function stockAt(calendar: ShopCalendar, now: number): StockLevel[] {
  const random = seededRandom(`stock ${dayOf(calendar, now)}`);
  return stocked.map((product) => ({ product, level: Math.floor(random() * 200) }));
}
