import { readFileSync } from "node:fs";
import { dag } from "@millrace/core";
import type { RunState } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import { z } from "zod";
import { planBackfill } from "../src/index.ts";
import { codeOf, minuteDag, newFate, openedEngine } from "./opened.ts";
import { dagOf, daily } from "./schedules.ts";

/** A fact taken from Airflow's own tests of backfills. */
interface BackfillCase {
  readonly id: string;
  readonly range: readonly [string, string];
  readonly existing: Readonly<Record<string, RunState>>;
  readonly reprocess?: "failed";
  readonly conf: Readonly<Record<string, unknown>>;
  readonly expect_order: readonly string[];
  readonly expect_ordinals: readonly number[];
  readonly expect_runs: readonly string[];
  readonly expect_skipped: Readonly<Record<string, string>>;
  readonly expect_count: number;
}

const file = new URL("../../core/test/fixtures/airflow-cases.json", import.meta.url);
const { groups } = JSON.parse(readFileSync(file, "utf8")) as {
  readonly groups: { readonly backfill: { readonly cases: readonly BackfillCase[] } };
};
const facts = new Map(groups.backfill.cases.map((fact) => [fact.id, fact]));

function fact(id: string): BackfillCase {
  const found = facts.get(id);
  if (!found) throw new Error(`there is no case '${id}'`);
  facts.delete(id);
  return found;
}

const now = "2022-01-01T00:00:00Z";
const spec = ({ range: [from, to] }: BackfillCase) => ({ from, to });

function planned(given: BackfillCase) {
  const existing = Object.entries(given.existing).map(([date, state]) => ({ logicalDate: `${date}T00:00:00Z`, state }));
  const plan = planBackfill(dagOf(daily), { ...spec(given), existing, reprocess: given.reprocess, now });
  const runs = [...plan.runs];
  return {
    made: runs.filter(({ action }) => action !== "skip").map(({ localDate }) => localDate),
    skipped: Object.fromEntries(
      runs.filter(({ action }) => action === "skip").map(({ localDate, reason }) => [localDate, reason.split(":")[0]]),
    ),
  };
}

test("a backfill makes a queued run for each date, in order, with its conf", async () => {
  const given = fact("simple");
  await using opened = await openedEngine({ dags: [minuteDag(newFate(), { maxActiveRuns: 1 })], now });
  await opened.drive(opened.backfills.create("sales", { ...spec(given), conf: given.conf }));
  const runs = await opened.runs();
  expect(runs.map(({ logicalDate }) => new Date(logicalDate).toISOString().slice(0, 10))).toEqual(given.expect_order);
  const [{ backfillNo = null } = {}] = runs;
  const items = await opened.test.store.backfills.items({ backfillNo: backfillNo ?? -1 });
  expect(items.map(({ itemNo }) => itemNo + 1)).toEqual(given.expect_ordinals);
  expect(runs.map(({ conf }) => JSON.parse(conf ?? ""))).toEqual(given.expect_order.map(() => given.conf));
  // The first one has begun: there is no pause in which a scheduler would look.
  expect(runs.slice(1).map(({ state }) => state)).toEqual(["queued", "queued", "queued", "queued"]);
});

test("dates with a run under way are left alone as in flight", () => {
  const given = fact("existing-running");
  expect(planned(given)).toEqual({ made: given.expect_runs, skipped: given.expect_skipped });
});

test("failed runs are run again, successful ones exist already, running ones are in flight", () => {
  const given = fact("reprocess-failed");
  const { made, skipped } = planned(given);
  expect([made.length, skipped]).toEqual([given.expect_count, given.expect_skipped]);
});

test("a second backfill of the same dates of a DAG is refused while the first is active", async () => {
  fact("second-active");
  await using opened = await openedEngine({ dags: [minuteDag(newFate())], now });
  const dates = { from: "2021-01-01", to: "2021-01-05" };
  await opened.drive(opened.backfills.create("sales", dates, { maxActive: 1 }));
  expect(await codeOf(opened.drive(opened.backfills.create("sales", dates)))).toBe("BACKFILL_CONFLICT");
});

test("a DAG that depends on its past is not filled backward", () => {
  fact("dop-reverse");
  const past = dagOf(daily, { dependsOnPast: true });
  const options = { from: "2021-01-01", to: "2021-01-05", reprocess: "failed", now } as const;
  expect(() => planBackfill(past, { ...options, order: "backward" })).toThrow("cannot be filled backward");
  expect(planBackfill(past, options).counts.create).toBe(5);
});

test("a DAG without a schedule has no dates to be filled", () => {
  fact("no-schedule");
  expect(() => planBackfill(dagOf(null), { from: "2021-01-01", to: "2021-01-05", now })).toThrow("has no schedule");
});

test("a range that ends before it begins is refused", () => {
  expect(() => planBackfill(dagOf(daily), { ...spec(fact("from-after-to")), now })).toThrow("ends before it begins");
});

test("params that do not fit the DAG's schema are refused", () => {
  fact("params-validated");
  const params = z.object({ region: z.string() });
  const sales = dag("sales", { schedule: daily, params }, (d) => void d.task("load", () => 1));
  const options = { from: "2021-01-01", to: "2021-01-05", now };
  expect(() => planBackfill(sales, { ...options, params: { region: 5 } })).toThrow("do not fit its schema");
  expect(planBackfill(sales, { ...options, params: { region: "eu" } }).counts.create).toBe(5);
});

test("no case is left out", () => {
  expect([...facts.keys()]).toEqual([]);
});
