import { expect, it } from "vitest";
import { type DaySummary, historicalSalesMigration } from "../src/historical-sales-migration.ts";
import { startOfDay } from "../src/source-system/shop-calendar.ts";
import { dayFaults } from "../src/source-system/shop-days.ts";
import { checkTarget } from "../src/story/check-target.ts";
import { readRunLog } from "../src/story/run-log.ts";
import type { Simulation } from "../src/story/simulation.ts";
import { fingerprintOf } from "../src/target/content-hash.ts";
import { readLoadLog } from "../src/target/load-log.ts";
import { withTarget } from "../src/world.ts";
import { beginSimulation } from "./begin-simulation.ts";

const dagId = "historical_sales_migration";
const taskIds = [
  "validate_data_availability",
  "extract_sales_data",
  "transform_sales_data",
  "load_sales_data",
  "generate_processing_summary",
];

const runIdOf = ({ world }: Simulation, day: number): string =>
  `scheduled__${new Date(startOfDay(world.calendar, day)).toISOString().replace(".000", "")}`;
const summaryOf = (simulation: Simulation, day: number) =>
  simulation.test.engine.xcom(dagId, runIdOf(simulation, day), "generate_processing_summary") as Promise<DaySummary>;
const salesOf = ({ world }: Simulation) => checkTarget(world)[0];

it("a month is caught up oldest first, at most three days at once, and every row is as the shop had it", async () => {
  await using simulation = await beginSimulation({
    dagsOf: (world) => [historicalSalesMigration(world)],
    msPerRow: 50,
  });
  await simulation.advance("12h");
  const { engine, events } = simulation.test;
  const runs = await engine.runs({ dagId, limit: 100 });
  expect(runs.map(({ runId }) => runId).reverse()).toEqual(
    Array.from({ length: 30 }, (_, day) => runIdOf(simulation, day)),
  );
  const log = readRunLog(events);
  expect(log.begun[dagId]).toEqual(runs.map(({ runId }) => runId).reverse());
  expect(log.mostActive[dagId]).toBe(3);
  expect(Object.groupBy(runs, ({ state }) => state).failed?.map(({ runId }) => runId)).toEqual([
    runIdOf(simulation, 17),
  ]);
  expect((await engine.tasks(dagId, runIdOf(simulation, 0))).map(({ taskId }) => taskId)).toEqual(taskIds);
  expect(salesOf(simulation)).toMatchObject({ wrong: 0 });
  expect(salesOf(simulation).rows).toBeGreaterThan(2_500);
});

it("a day that was never sent is skipped, a damaged one rolled back; both say so, and come right when they are sent again", async () => {
  await using simulation = await beginSimulation({ dagsOf: (world) => [historicalSalesMigration(world)] });
  await simulation.advance("1h");
  const { engine } = simulation.test;
  expect(await summaryOf(simulation, 9)).toMatchObject({ outcome: "no_data", loaded: 0 });
  expect(await summaryOf(simulation, 17)).toMatchObject({ outcome: "rolled_back", loaded: 0 });
  const [check] = await engine.tasks(dagId, runIdOf(simulation, 9));
  expect(check).toMatchObject({
    state: "skipped",
    error: expect.stringContaining("the shop has sent nothing about the day from 2026-05-25 02:00Z"),
  });
  const load = (await engine.tasks(dagId, runIdOf(simulation, 17)))[3];
  expect(load).toMatchObject({ state: "failed", attempt: 1 });
  expect(load.error).toContain("orders came through");

  await simulation.advance("7d");
  for (const day of dayFaults.keys()) await simulation.test.engine.clear(dagId, runIdOf(simulation, day));
  await simulation.advance("1h");
  for (const day of dayFaults.keys()) expect(await summaryOf(simulation, day)).toMatchObject({ outcome: "loaded" });
  expect(salesOf(simulation)).toMatchObject({ wrong: 0 });
});

it("running every day again changes nothing, until late orders have come: then exactly those", async () => {
  await using simulation = await beginSimulation({ dagsOf: (world) => [historicalSalesMigration(world)] });
  await simulation.advance("1h");
  const again = async (): Promise<string[]> => {
    const before = withTarget(simulation.world, readLoadLog).length;
    for (let day = 0; day < 30; day++) await simulation.test.engine.clear(dagId, runIdOf(simulation, day));
    await simulation.advance("1m");
    return withTarget(simulation.world, readLoadLog)
      .slice(before)
      .map(({ outcome }) => outcome);
  };
  const before = withTarget(simulation.world, fingerprintOf);
  expect((await again()).toSorted()).toEqual([...Array(1).fill("rolled_back"), ...Array(28).fill("unchanged")]);
  expect(withTarget(simulation.world, fingerprintOf)).toBe(before);

  await simulation.advance("20h");
  const outcomes = await again();
  expect(outcomes.filter((outcome) => outcome === "replaced").length).toBeGreaterThan(0);
  expect(outcomes.filter((outcome) => outcome === "unchanged").length).toBeGreaterThan(20);
  expect(salesOf(simulation)).toMatchObject({ wrong: 0 });
});
