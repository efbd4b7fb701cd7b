import { expect, test } from "vitest";
import type { EventFacet } from "../store/contract.ts";
import { memoryStore } from "../store/memory-store.ts";
import { systemClock } from "../time/clock.ts";
import { StoredEvents } from "./stored-events.ts";
import { Subscription } from "./subscription.ts";

/** A subscription on a store whose reads arrive when the test lets them. */
async function subscribe(after?: number) {
  const store = memoryStore();
  await store.open("engine");
  const told: number[] = [];
  const { promise: arrival, resolve: arrive } = Promise.withResolvers<void>();
  const events: EventFacet = {
    last: () => store.events.last(),
    lastBefore: (at) => store.events.lastBefore(at),
    list: async (filter) => {
      const rows = await store.events.list(filter);
      await arrival;
      return rows;
    },
  };
  const feed = {
    head: 0,
    stored: new StoredEvents({ name: store.name, runs: store.runs, tasks: store.tasks, events }),
    clock: systemClock,
  };
  const wanted = after === undefined ? {} : { after };
  const subscription = new Subscription(feed, {
    wanted,
    listenerPatienceMs: undefined,
    onFault: () => undefined,
    listener: ({ seq }) => told.push(seq),
  });
  return {
    told,
    subscription,
    /** Stores an event; `isTold` false: its commit's answer was lost. */
    async happen(isTold: boolean): Promise<void> {
      const event = { at: 0, kind: "note", dagId: null, runNo: null, taskInstanceNo: null, attempt: null, data: null };
      const [outcome] = await store.commit([{ kind: "appendEvent", event }]);
      if (!isTold || outcome?.status !== "done") return;
      feed.head = outcome.eventSeq;
      subscription.take({ seq: outcome.eventSeq, at: 0, kind: "note" });
    },
    arrive,
    async settle(): Promise<void> {
      for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test("an event whose number leaves one out sends it to the store for what lies between", async () => {
  const { told, happen, settle, arrive } = await subscribe();
  arrive();
  for (const isTold of [true, false, false, true]) await happen(isTold);
  await settle();
  await happen(true);
  expect(told).toEqual([1, 2, 3, 4, 5]);
});

test("an event that comes while an empty page is on its way is read, though nothing follows it", async () => {
  const { told, happen, settle, arrive } = await subscribe(0);
  await settle();
  await happen(true);
  arrive();
  await settle();
  expect(told).toEqual([1]);
});

test("so is one whose commit's answer was lost meanwhile", async () => {
  const { told, happen, settle, arrive, subscription } = await subscribe(0);
  await settle();
  await happen(false);
  subscription.catchUp();
  arrive();
  await settle();
  expect(told).toEqual([1]);
});
