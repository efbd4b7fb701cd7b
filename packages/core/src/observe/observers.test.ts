import { expect, test } from "vitest";
import type { Change } from "../store/contract.ts";
import { memoryStore } from "../store/memory-store.ts";
import { systemClock } from "../time/clock.ts";
import { threadMeter } from "../time/meter.ts";
import type { EngineEvent } from "./engine-event.ts";
import { EngineMetrics } from "./metrics/engine-metrics.ts";
import { Observers } from "./observers.ts";

test("who listens is told of backfills what who reads on from the store is told", async () => {
  const store = memoryStore();
  await store.open("engine");
  const metrics = new EngineMetrics({ clock: systemClock, meter: threadMeter, maxLabelValues: 10 });
  const observers = new Observers(store, systemClock, metrics, 0);
  const told: EngineEvent[] = [];
  observers.add((event) => void told.push(event));
  const commit = async (...changes: Change[]) => observers.emit(changes, await store.commit(changes));
  const version = { fingerprint: "f", snapshot: "{}", bundle: null, taskIds: [], paused: false };
  await commit({
    ...{ kind: "registerDag", dagId: "sales", ...version, startDate: null, startDateIsRelative: false, at: 1 },
  });
  const [{ dagNo }] = await store.dags.list();
  await commit({ kind: "createBackfill", backfillId: "b1", dagNo, spec: "{}", maxActive: 1, at: 2 });
  const [{ backfillNo }] = await store.backfills.list({});
  const move = { kind: "updateBackfill", backfillNo, from: ["preparing", "running"], at: 3 } as const;
  await commit({ ...move, to: "running", note: null }, { ...move, to: "cancelled", note: "by ada" });
  expect(told).toEqual(await observers.stored.page(0));
  expect(told.slice(1).map(({ kind, dagId, data }) => [kind, dagId, data])).toEqual([
    ["backfill.created", "sales", { backfillId: "b1" }],
    ["backfill.running", "sales", { backfillId: "b1" }],
    ["backfill.cancelled", "sales", { backfillId: "b1", note: "by ada" }],
  ]);
  observers.close();
});
