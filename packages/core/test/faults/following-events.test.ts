import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { EngineEvent } from "../../src/observe/engine-event.ts";
import { followStore } from "../../src/observe/follow-store.ts";
import type { EventFacet, Store } from "../../src/store/contract.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { type Fault, faultyStore } from "../faulty-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine } from "../test-engine.ts";
import { richDags } from "./rich-dag.ts";

/** Somebody who follows the engine: from when on, from which event on, and how slow. */
interface Follower {
  readonly way: "observe" | "observe slowly" | "observe and throw" | "follow" | "follow the store";
  /** Commits after which it comes. */
  readonly comesAt: number;
  readonly after: number | undefined;
  /** Every so many events it takes a pause. */
  readonly pausesEvery: number;
}

const followers = fc.array(
  fc.record({
    way: fc.constantFrom<Follower["way"]>(
      "observe",
      "observe slowly",
      "observe and throw",
      "follow",
      "follow the store",
    ),
    comesAt: fc.nat(40),
    after: fc.option(fc.nat(60), { nil: undefined, freq: 2 }),
    pausesEvery: fc.integer({ min: 1, max: 20 }),
  }),
  { minLength: 1, maxLength: 6 },
);
const faults = fc.array(fc.constantFrom<Fault>("none", "none", "none", "none", "refused", "answer lost"), {
  minLength: 40,
  maxLength: 40,
});

test("whoever comes at any time and is as slow as it likes gets every event once and in order, whatever commits fail", async () => {
  // Said once for each of the listeners that throw here.
  vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  await fc.assert(
    fc.asyncProperty(
      followers,
      faults,
      fc.array(fc.boolean(), { maxLength: 30 }),
      fc.nat(3),
      async (plan, failing, reads, slowMs) => {
        const clock = new ManualClock();
        const { parent, child } = richDags(new Map(), () => clock.now());
        const database = memoryDatabase();
        const faulty = faultyStore(memoryStore({ database }));
        // What a read found may be old when it arrives.
        const late = async (filter: Parameters<EventFacet["list"]>[0]): ReturnType<EventFacet["list"]> => {
          const rows = await faulty.store.events.list(filter);
          if (slowMs > 0) await clock.sleep(slowMs);
          return rows;
        };
        const store = Object.create(faulty.store, {
          events: { value: { last: () => faulty.store.events.last(), list: late } },
        }) as Store;
        const opened = await openEngine({ dags: [parent, child], store, clock, storePatience: "1h" });
        const reader = memoryStore({ database });
        await reader.open("reader");
        const stop = new AbortController();
        const told = plan.map((): EngineEvent[] => []);
        const ends: Promise<void>[] = [];

        const join = ({ way, after, pausesEvery }: Follower, to: EngineEvent[]): void => {
          const options = after === undefined ? {} : { after };
          const take = async (events: AsyncIterable<EngineEvent>): Promise<void> => {
            for await (const event of events) {
              to.push(event);
              if (to.length % pausesEvery === 0) await clock.sleep(700);
            }
          };
          if (way === "follow") ends.push(take(opened.engine.follow({ ...options, signal: stop.signal })));
          else if (way === "follow the store")
            ends.push(take(followStore(reader, { ...options, signal: stop.signal, clock })));
          else
            opened.engine.observe((event) => {
              to.push(event);
              if (way === "observe and throw") throw new Error("mine");
              return way === "observe slowly" && to.length % pausesEvery === 0 ? clock.sleep(700) : undefined;
            }, options);
        };

        const before = faulty.commits;
        let commits = 0;
        const joinDue = (): void => {
          for (const [place, follower] of plan.entries())
            if (follower.comesAt === commits) join(follower, told[place] as EngineEvent[]);
          commits++;
        };
        joinDue();
        faulty.plan = {
          commit: (call) => {
            joinDue();
            return failing[call - before] ?? "none";
          },
          // Reads fail as well, now and then; those of the engine are tried again.
          read: (call, name) => name.startsWith("events.") && (reads[call % 30] ?? false),
        };
        await opened.run(parent, { runId: "r1" });
        await clock.advance(300_000);
        stop.abort();
        await clock.drive(opened.engine.close());
        await clock.drive(Promise.all(ends));

        const stored = (await reader.events.list({ limit: 10_000 })).map(({ seq }) => seq);
        for (const [place, events] of told.entries()) {
          const { way, after, comesAt } = plan[place] as Follower;
          if (comesAt >= commits) continue;
          const from = after ?? (way === "follow the store" ? 0 : (events[0]?.seq ?? Number.POSITIVE_INFINITY) - 1);
          expect(events.map(({ seq }) => seq)).toEqual(stored.filter((seq) => seq > from));
        }
      },
    ),
    { numRuns: process.env["MILLRACE_SOAK"] ? 3_000 : 60 },
  );
});
