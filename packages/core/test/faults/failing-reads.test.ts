import { describe, expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { faultyStore } from "../faulty-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { gate, openEngine, statesOf } from "../test-engine.ts";
import { type Calls, richDags, richEnd } from "./rich-dag.ts";

async function runWith(fails: (call: number, name: string) => boolean) {
  const calls: Calls = new Map();
  const clock = new ManualClock();
  const { parent, child } = richDags(calls, () => clock.now());
  const faulty = faultyStore(memoryStore());
  await using opened = await openEngine({ dags: [parent, child], store: faulty.store, clock });
  const before = faulty.reads;
  faulty.plan = { read: (call, name) => fails(call - before, name) };
  const result = await opened.run(parent, { runId: "r1" });
  const reads = faulty.reads - before;
  faulty.plan = {};
  return { result, reads, calls, output: await result.xcom("end") };
}

const clean = await runWith(() => false);

describe("one read fails", () => {
  test.for(Array.from({ length: clean.reads }, (_, n) => n + 1))("read %i", async (n) => {
    const { result, calls, output } = await runWith((call) => call === n);
    expect(statesOf(result)).toEqual(richEnd);
    expect(output).toEqual(clean.output);
    // What ails the store costs no task an attempt.
    expect(calls).toEqual(clean.calls);
  });
});

test("every fourth read fails, at random", async () => {
  const { result, calls } = await runWith((call) => ((call * 2_654_435_761) >>> 7) % 4 === 0);
  expect(statesOf(result)).toEqual(richEnd);
  expect(calls).toEqual(clean.calls);
});

test("reads that fail for longer than the engine's patience fail the task, with the store's error", async () => {
  const faulty = faultyStore(memoryStore());
  const held = gate();
  const reading = dag("reading", {}, (d) => {
    const a = d.task("a", async () => {
      await held.opened;
      return 1;
    });
    d.task("b", { input: a }, ({ input }) => input);
  });
  await using opened = await openEngine({ dags: [reading], store: faulty.store, storePatience: "10s" });
  const { engine, clock } = opened;
  const ended = engine.run(reading);
  await clock.settle();
  faulty.plan = { read: (_, name) => name === "xcoms.get" };
  held.open();
  const result = await clock.drive(ended);
  expect(result.tasks["b"]).toMatchObject({ state: "failed", error: { message: "xcoms.get failed" } });
});
