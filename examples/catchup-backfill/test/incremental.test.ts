import { expect, it } from "vitest";
import { incrementalDataProcessing } from "../src/incremental-data-processing.ts";
import { checkTarget } from "../src/story/check-target.ts";
import type { Simulation } from "../src/story/simulation.ts";
import { fingerprintOf } from "../src/target/content-hash.ts";
import { withShop, withTarget } from "../src/world.ts";
import { beginSimulation } from "./begin-simulation.ts";

const dagId = "incremental_data_processing";

interface Decision {
  readonly mode: string;
  readonly reason: string;
  readonly after: number | null;
  readonly until: number;
}

/** What each run decided and did, oldest first. */
async function storyOf({ test: { engine } }: Simulation) {
  const runs = (await engine.runs({ dagId, limit: 1_000 })).toReversed();
  return Promise.all(
    runs.map(async ({ runId, state, logicalDate, intervalEnd }) => ({
      runId,
      state,
      logicalDate,
      intervalEnd,
      decision: (await engine.xcom(dagId, runId, "determine_processing_mode")) as Decision,
      written: (await engine.xcom(dagId, runId, "process_changed_data")) as
        | { inserted: number; updated: number }
        | undefined,
    })),
  );
}
const ordersOf = ({ world }: Simulation) => checkTarget(world)[2];

it("compares everything once, then takes in what changed, and the first run after an outage takes in all of it", async () => {
  await using simulation = await beginSimulation({ dagsOf: (world) => [incrementalDataProcessing(world)] });
  await simulation.advance("5h");
  const before = await storyOf(simulation);
  expect(before.map(({ decision }) => decision.mode)).toEqual([
    "full",
    ...Array(before.length - 1).fill("incremental"),
  ]);
  expect(before.slice(-5).every(({ written }) => written && written.inserted > 0)).toBe(true);
  expect(ordersOf(simulation)).toMatchObject({ wrong: 0 });

  await simulation.outage("3d");
  await simulation.advance("10m");
  const missed = (await storyOf(simulation)).slice(before.length);
  // Of 72 hours only the last six have runs; the first of them reaches back to the checkpoint.
  expect(missed).toHaveLength(6);
  expect(missed[0].decision).toMatchObject({ mode: "incremental", after: before.at(-1)?.intervalEnd });
  expect(missed[0].written?.inserted).toBeGreaterThan(250);
  expect(missed.map(({ state }) => state)).toEqual(missed.map(() => "success"));
  expect(ordersOf(simulation)).toMatchObject({ wrong: 0 });
  expect(ordersOf(simulation).rows).toBeGreaterThan(4_000);
});

it("a run that fails moves no checkpoint, and the next one takes in its hour too", async () => {
  await using simulation = await beginSimulation({ dagsOf: (world) => [incrementalDataProcessing(world)] });
  await simulation.advance("1h");
  const before = await storyOf(simulation);
  withTarget(simulation.world, (target) =>
    target.exec("CREATE TRIGGER full BEFORE INSERT ON order_state BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"),
  );
  await simulation.advance("160m");
  const failed = (await storyOf(simulation)).slice(before.length);
  expect(failed.map(({ state }) => state)).toEqual(["failed", "failed"]);
  expect(failed.map(({ decision }) => decision.after)).toEqual([
    before.at(-1)?.intervalEnd,
    before.at(-1)?.intervalEnd,
  ]);
  withTarget(simulation.world, (target) => target.exec("DROP TRIGGER full"));
  await simulation.advance("1h");
  const next = (await storyOf(simulation)).at(-1);
  expect(next).toMatchObject({
    state: "success",
    decision: { mode: "incremental", after: before.at(-1)?.intervalEnd },
  });
  expect(ordersOf(simulation)).toMatchObject({ wrong: 0 });
});

it("a difference fails the run that finds it, and the next one compares everything", async () => {
  await using simulation = await beginSimulation({ dagsOf: (world) => [incrementalDataProcessing(world)] });
  await simulation.advance("1h");
  withTarget(simulation.world, (target) =>
    target.exec(
      "DELETE FROM order_state WHERE order_id IN (SELECT max(order_id) FROM order_state WHERE order_id LIKE 'S29-%')",
    ),
  );
  await simulation.advance("1h");
  expect((await storyOf(simulation)).at(-1)).toMatchObject({ state: "failed" });
  await simulation.advance("1h");
  const healed = (await storyOf(simulation)).at(-1);
  expect(healed).toMatchObject({ state: "success", decision: { mode: "full" }, written: { updated: 0 } });
  expect(healed?.decision.reason).toContain("the last validation found a difference");
  expect(ordersOf(simulation)).toMatchObject({ wrong: 0 });
  await simulation.advance("1h");
  expect((await storyOf(simulation)).at(-1)?.decision.mode).toBe("incremental");
});

it("running an hour again changes nothing; asked to, a run compares everything; stale data fails it", async () => {
  await using simulation = await beginSimulation({ dagsOf: (world) => [incrementalDataProcessing(world)] });
  await simulation.advance("3h");
  const before = withTarget(simulation.world, fingerprintOf);
  const { engine } = simulation.test;
  const [newest] = await engine.runs({ dagId, limit: 1 });
  await engine.clear(dagId, newest.runId);
  await simulation.test.settle();
  expect(withTarget(simulation.world, fingerprintOf)).toBe(before);

  const asked = await simulation.test.run(dagId, { params: { mode: "full" } });
  expect(await asked.xcom("determine_processing_mode")).toMatchObject({ mode: "full", reason: "asked for" });
  expect(await asked.xcom("process_changed_data")).toEqual({ inserted: 0, updated: 0 });

  withShop(simulation.world, (shop) => shop.exec("DELETE FROM ledger WHERE updated_at > (SELECT now FROM shop)"));
  await simulation.advance("5h");
  const states = (await storyOf(simulation)).slice(-5).map(({ state }) => state);
  expect(states.at(0)).toBe("success");
  expect(states.at(-1)).toBe("failed");
});
