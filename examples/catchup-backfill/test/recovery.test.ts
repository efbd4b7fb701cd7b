import type { EngineEvent } from "@millrace/core/engine";
import { expect, it } from "vitest";
import { checkTarget } from "../src/story/check-target.ts";
import { readRunLog } from "../src/story/run-log.ts";
import { systemRecoveryProcessing } from "../src/system-recovery-processing.ts";
import { fingerprintOf } from "../src/target/content-hash.ts";
import { withTarget } from "../src/world.ts";
import { beginSimulation } from "./begin-simulation.ts";

const dagId = "system_recovery_processing";
const hour = 3_600_000;

it("after three days down every interval is made up for, payments before visits, and people are told how far it is", async () => {
  const events: EngineEvent[] = [];
  await using simulation = await beginSimulation({
    dagsOf: (world) => [systemRecoveryProcessing(world)],
    msPerRow: 1_000,
    onEvent: (event) => events.push(event),
  });
  await simulation.advance("8h");
  const before = (await simulation.test.engine.runs({ dagId, limit: 100 })).length;
  expect(before).toBe(12);
  const told = simulation.webhook.messages.length;
  const seen = events.length;

  const backAt = simulation.now() + 72 * hour;
  await simulation.outage("3d", () => simulation.gateway.be((now) => (now < backAt + 2 * hour ? "down" : "up")));
  await simulation.advance("9h");
  const runs = await simulation.test.engine.runs({ dagId, limit: 100 });
  const logicalDates = runs.map(({ logicalDate }) => logicalDate);
  expect(new Set(logicalDates).size).toBe(runs.length);
  expect(runs.map(({ state }) => state)).toEqual(runs.map(() => "success"));
  const madeUpFor = runs.filter(({ createdAt }) => createdAt === backAt);
  expect(madeUpFor.length).toBeGreaterThan(0);
  expect(Math.max(...logicalDates) - Math.min(...logicalDates)).toBe((runs.length - 1) * 6 * hour);
  expect(checkTarget(simulation.world)[1]).toMatchObject({ wrong: 0 });

  const recovery = events.slice(seen);
  expect(readRunLog(recovery).mostActive[dagId]).toBe(4);
  expect(firstWrongOrder(recovery)).toBeUndefined();
  expect(
    recovery.filter(({ kind, taskId }) => kind === "task.up_for_retry" && taskId === "check_system_health").length,
  ).toBeGreaterThan(3);
  expect(simulation.webhook.messages.slice(told).map(({ text }) => text.replace(/ in [^,]+$/, ""))).toEqual([
    `${dagId}: recovering, 3 of 12 intervals worked off (25 %)`,
    `${dagId}: recovering, 6 of 12 intervals worked off (50 %)`,
    `${dagId}: recovering, 9 of 12 intervals worked off (75 %)`,
    `${dagId}: recovered. 12 of 12 intervals worked off (100 %), from 2026-06-15 06:00Z on,`,
  ]);
});

/** A task for visits that began while one for payments was waiting, ready to go. */
function firstWrongOrder(events: readonly EngineEvent[]): string | undefined {
  const ready = new Set<string>();
  for (const { kind, runId = "", taskId } of events) {
    if (taskId === "check_system_health" && kind === "task.success") ready.add(runId);
    if (taskId === "process_critical_data" && kind === "task.running") ready.delete(runId);
    if (taskId === "process_non_critical_data" && kind === "task.running" && ready.size > 0)
      return `${runId} while ${[...ready].join(", ")} waited`;
  }
  return undefined;
}

it("a gateway that lies is not believed: the run waits until it tells all", async () => {
  await using simulation = await beginSimulation({ dagsOf: (world) => [systemRecoveryProcessing(world)] });
  await simulation.advance("1h");
  const eventsThere = () =>
    withTarget(simulation.world, (target) => target.prepare("SELECT count(*) AS n FROM gateway_events").get());
  const before = eventsThere();
  await simulation.outage("1d", () => simulation.gateway.be("lying"));
  await simulation.advance("30m");
  expect(eventsThere()).toEqual(before);
  simulation.gateway.be("up");
  await simulation.advance("6h");
  expect(checkTarget(simulation.world)[1]).toMatchObject({ wrong: 0 });
  expect(checkTarget(simulation.world)[1].rows).toBeGreaterThan(1_000);
});

it("what the target lost is found by the validation; clearing the run puts it right, and changes nothing else", async () => {
  await using simulation = await beginSimulation({ dagsOf: (world) => [systemRecoveryProcessing(world)] });
  await simulation.advance("1h");
  const good = withTarget(simulation.world, fingerprintOf);
  const [newest] = await simulation.test.engine.runs({ dagId, limit: 1 });
  withTarget(simulation.world, (target) =>
    target
      .prepare("DELETE FROM gateway_events WHERE interval_start = ? AND event_id LIKE '%7'")
      .run(newest.intervalStart),
  );
  await simulation.test.engine.clear(dagId, newest.runId, { tasks: ["validate_data_integrity"] });
  await simulation.advance("12h");
  expect((await simulation.test.engine.tasks(dagId, newest.runId))[3]).toMatchObject({ state: "failed" });
  await simulation.test.engine.clear(dagId, newest.runId);
  await simulation.test.settle();
  const runs = await simulation.test.engine.runs({ dagId, limit: 100 });
  expect(runs.every(({ state }) => state === "success")).toBe(true);
  withTarget(simulation.world, (target) =>
    target.prepare("DELETE FROM gateway_events WHERE interval_start > ?").run(newest.intervalStart),
  );
  expect(withTarget(simulation.world, fingerprintOf)).toBe(good);
});
