import type { BackfillItem, BackfillItemRow, BackfillRow, CreateRun, Store } from "@millrace/core/plugin";
import { isRunFinished } from "@millrace/core/plugin";
import { expect } from "vitest";
import { addItems, createBackfill, createRun, moveBackfill, registerDag } from "./changes.ts";
import { apply, openEngine, type StoreUnderTest } from "./store-case.ts";

/** The DAG `sales` with a backfill `b1` that runs, of these items, and ways to make runs. */
export async function withBackfill(place: StoreUnderTest, items: readonly Partial<BackfillItem>[] = [{}, {}, {}]) {
  const store = await openEngine(place);
  const dag = await apply(store, registerDag({ taskIds: ["only"] }), "registered");
  const { dagNo, versionNo } = dag;
  const another = async (backfillId: string, its: readonly Partial<BackfillItem>[]) => {
    const { backfillNo } = await apply(store, createBackfill({ backfillId, dagNo }), "backfillCreated");
    await apply(store, addItems(backfillNo, its), "done");
    return backfillNo;
  };
  const backfillNo = await another("b1", items);
  await apply(store, moveBackfill(backfillNo, "running"), "done");
  /** The run of an item. */
  const runOf = (itemNo: number, change: Partial<CreateRun> = {}): CreateRun =>
    createRun({
      ...{ dagNo, versionNo, runId: `backfill__${itemNo}`, type: "backfill", logicalDate: itemNo },
      backfill: { backfillNo, itemNo },
      ...change,
    });
  const take = async (itemNo: number) => (await apply(store, runOf(itemNo), "created")).runNo;
  return { store, dagNo, versionNo, backfillNo, another, runOf, take };
}

/** What a backfill counts, in few words. */
export async function countsOf(store: Store, backfillNo: number) {
  const row = (await store.backfills.get(backfillNo)) as BackfillRow;
  const { total, skipped, started, active, success, failed, cancelled, nextItem } = row;
  return { total, skipped, started, active, success, failed, cancelled, nextItem };
}

/** Counts the items and the runs of every backfill again, and compares. */
export async function expectTrueCounters(store: Store): Promise<void> {
  for (const row of await store.backfills.list({ limit: 10_000 })) {
    const items = await store.backfills.items({ backfillNo: row.backfillNo, limit: 10_000 });
    const taken = items.filter(({ runNo }) => runNo !== null);
    const open = items.find(({ runNo, action }) => runNo === null && action !== "skip");
    expect(await countsOf(store, row.backfillNo)).toMatchObject({
      total: items.length,
      skipped: items.filter(({ action }) => action === "skip").length,
      started: taken.length,
      nextItem: open?.itemNo ?? items.length,
    });
    await expectTrueRunCounters(store, row, taken);
  }
}

async function expectTrueRunCounters(store: Store, row: BackfillRow, taken: readonly BackfillItemRow[]): Promise<void> {
  const runNos = [...new Set(taken.map(({ runNo }) => runNo as number))];
  const runs = (await Promise.all(runNos.map((runNo) => store.runs.get(runNo)))).flatMap((run) =>
    run?.backfillNo === row.backfillNo ? [run] : [],
  );
  const { active, success, failed, cancelled } = row;
  expect(active + success + failed + cancelled).toBe(row.started);
  const now = { active: runs.filter(({ state }) => !isRunFinished(state)).length, success: 0, failed: 0, cancelled: 0 };
  for (const { state } of runs) if (state !== "queued" && state !== "running") now[state]++;
  expect(active).toBe(now.active);
  // Runs that went to another backfill, or are gone, are counted as they were when they did.
  if (runs.length === taken.length) return expect({ active, success, failed, cancelled }).toEqual(now);
  for (const state of ["success", "failed", "cancelled"] as const)
    expect(row[state]).toBeGreaterThanOrEqual(now[state]);
}
