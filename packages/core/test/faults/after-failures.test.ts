import { expect, test, vi } from "vitest";
import { dag } from "../../src/index.ts";
import type { Change } from "../../src/store/contract.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { faultyStore } from "../faulty-store.ts";
import { gate, openEngine } from "../test-engine.ts";

test("starts whose answer was lost take their slots: no more attempts are made at once than may be", async () => {
  const opened = gate();
  let running = 0;
  let most = 0;
  const wide = dag("wide", {}, (d) => {
    for (let n = 0; n < 6; n++)
      d.task(`t${n}`, async () => {
        most = Math.max(most, ++running);
        await opened.opened;
        running--;
      });
  });
  let lost = 0;
  const { store } = faultyStore(memoryStore(), {
    commit: (_, changes) => (changes.some(({ kind }) => kind === "startTask") && lost++ === 0 ? "answer lost" : "none"),
  });
  await using started = await openEngine({ dags: [wide], store, concurrency: 2 });
  const ended = started.engine.run(wide);
  await started.clock.advance(60_000);
  expect([lost > 0, running]).toEqual([true, 2]);
  opened.open();
  expect(await started.clock.drive(ended)).toMatchObject({ state: "success" });
  expect(most).toBe(2);
});

test("an engine whose store takes nothing stops after its patience, whatever it does between its tries", async () => {
  const mapped = dag("mapped", {}, (d) => {
    const list = d.task("list", () => [1, 2, 3]);
    d.map("each", { over: list }, ({ element }) => element);
  });
  // Before each try the elements are read: a tick of its own, with nothing to write.
  const { store } = faultyStore(memoryStore(), {
    commit: (_, changes) => (changes.some(({ kind }) => kind === "expandTask") ? "refused" : "none"),
  });
  await using started = await openEngine({ dags: [mapped], store, storePatience: "2m" });
  const sleeps = vi.spyOn(started.clock, "sleep");
  const ended = started.engine.run(mapped);
  ended.catch(() => undefined);
  await started.clock.advance(3_600_000);
  await expect(started.clock.drive(ended)).rejects.toMatchObject({ code: "ENGINE_STOPPED" });
  expect(sleeps.mock.calls.length).toBeLessThan(150);
});

test("two failures with a quiet time between them are not one long one, though the first left nothing to be written", async () => {
  const hello = dag("hello", {}, (d) => {
    d.task("t", () => 1);
  });
  const faulty = faultyStore(memoryStore());
  await using started = await openEngine({ dags: [hello], store: faulty.store, storePatience: "30s" });
  const once = (fault: "answer lost" | "refused", isMeant: (change: Change) => boolean): void => {
    let isOver = false;
    faulty.plan = {
      commit: (_, changes) => {
        if (isOver || !changes.some(isMeant)) return "none";
        isOver = true;
        return fault;
      },
    };
  };
  // Read back, the run has ended, and nothing is left to be done about it.
  once("answer lost", (change) => change.kind === "updateRun" && change.to === "success");
  expect((await started.run(hello, { runId: "a" })).state).toBe("success");
  await started.clock.advance(600_000);
  once("refused", ({ kind }) => kind === "createRun");
  expect((await started.run(hello, { runId: "b" })).state).toBe("success");
});
