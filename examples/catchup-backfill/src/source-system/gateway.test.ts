import { expect, it } from "vitest";
import { smallWorld, today } from "../../test/small-world.ts";
import { eventTotals, loadEvents } from "../target/load-events.ts";
import { withTarget } from "../world.ts";
import { askGateway } from "./ask-gateway.ts";
import { startGateway } from "./gateway.ts";
import { gatewayEvents } from "./gateway-events.ts";
import { readEvents, readStock, readTotals } from "./read-events.ts";

const hour = 3_600_000;
const window = { start: today - 8 * hour, end: today - 2 * hour };
const { signal } = new AbortController();

it("brings the events of a time, which are the same whenever they are asked for and however they are cut", async () => {
  using world = smallWorld();
  await using gateway = await startGateway(world);
  const asked = { ...world, gatewayUrl: () => gateway.url };
  const events = await readEvents(asked, "payment", window, signal);
  expect(events).toHaveLength(24);
  const middle = window.start + 5 * hour + 17;
  const inPieces = [
    ...gatewayEvents(world.calendar, "payment", window.start, middle),
    ...gatewayEvents(world.calendar, "payment", middle, window.end),
  ];
  expect(inPieces).toEqual(events);
  expect(await readTotals(asked, window, signal)).toEqual({
    payment: { count: 24, amountCents: events.reduce((sum, { amountCents }) => sum + amountCents, 0) },
    visit: { count: 72, amountCents: 0 },
  });
  expect(await readStock(asked, signal)).toHaveLength(6);
  // What has not happened yet cannot be asked for.
  expect(await readEvents(asked, "visit", { start: today, end: today + hour }, signal)).toEqual([]);
});

it("down, slow and lying are errors that say what happened", async () => {
  using world = smallWorld({ answerWithinMs: 150 });
  await using gateway = await startGateway(world);
  const asked = { ...world, gatewayUrl: () => gateway.url };
  gateway.be("down");
  await expect(askGateway(asked, "/health", {}, signal)).rejects.toThrow("the gateway did not answer /health: ");
  gateway.be("slow");
  await expect(askGateway(asked, "/health", {}, signal)).rejects.toThrow("no answer within 150 ms");
  gateway.be("lying");
  await expect(readEvents({ ...asked, answerWithinMs: 5_000 }, "payment", window, signal)).rejects.toThrow(
    "the gateway speaks of 24 events and sends 21",
  );
  gateway.be((now) => (now === today ? "up" : "down"));
  expect(await readEvents({ ...asked, answerWithinMs: 5_000 }, "payment", window, signal)).toHaveLength(24);
});

it("says how to serve it when nobody does, and lets a cancelled task go", async () => {
  using world = smallWorld();
  await expect(askGateway(world, "/health", {}, signal)).rejects.toThrow("'npm run serve'");
  await using gateway = await startGateway(world);
  gateway.be("slow");
  const cancel = new AbortController();
  const answer = askGateway({ ...world, gatewayUrl: () => gateway.url }, "/health", {}, cancel.signal);
  cancel.abort(new Error("cancelled by hand"));
  await expect(answer).rejects.toThrow("cancelled by hand");
});

it("is told by a request how to be", async () => {
  using world = smallWorld();
  await using gateway = await startGateway(world);
  expect((await fetch(`${gateway.url}/mode?is=down`, { method: "POST" })).status).toBe(200);
  await expect(fetch(`${gateway.url}/health`)).rejects.toThrow();
  expect((await fetch(`${gateway.url}/mode?is=odd`, { method: "POST" })).status).toBe(400);
  expect((await fetch(`${gateway.url}/mode?is=up`, { method: "POST" })).status).toBe(200);
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
});

it("the same events again change nothing in the target", () => {
  using world = smallWorld();
  const events = gatewayEvents(world.calendar, "payment", window.start, window.end);
  withTarget(world, (target) => {
    expect(loadEvents(target, "payment", window, events)).toBe("loaded");
    expect(loadEvents(target, "payment", window, events.toReversed())).toBe("unchanged");
    expect(loadEvents(target, "payment", window, events.slice(1))).toBe("replaced");
    expect(eventTotals(target, window).payment.count).toBe(23);
  });
});
