import { isRunFinished, type RunState } from "../lifecycle/states.ts";
import type {
  AddBackfillItems,
  BackfillPlace,
  BackfillRow,
  CreateBackfill,
  DeleteBackfills,
  Outcome,
  SetBackfillLimit,
  SkipBackfillItem,
  UpdateBackfill,
} from "./contract.ts";
import { silent, writeEvent } from "./memory-event.ts";
import { capped } from "./memory-record-readers.ts";
import type { KeptBackfillItem, Transaction } from "./memory-tables.ts";

type Refusal = Extract<Outcome, { status: "refused" }>;

/** Items that are added at once. */
const mostItems = 10_000;

export function createBackfill(tx: Transaction, change: CreateBackfill): Outcome {
  const { tables } = tx;
  const { backfillId, dagNo, spec, maxActive, at } = change;
  const dag = tables.dags[dagNo];
  if (dag === undefined) return refused("there is no such DAG");
  if (tables.backfillNoById.has(backfillId)) return refused("the id of the backfill is taken");
  if (!(maxActive >= 1)) return refused("the limit is less than 1");
  const { dagId } = dag;
  const backfillNo = tables.backfills.length;
  const times = { createdAt: at, startedAt: null, endedAt: null };
  const counters = { total: 0, skipped: 0, started: 0, active: 0, success: 0, failed: 0, cancelled: 0, nextItem: 0 };
  const row = { backfillNo, backfillId, dagNo, dagId, state: "preparing", spec, maxActive, note: null } as const;
  tx.append(tables.backfills, { ...row, ...times, ...counters });
  tx.set(tables.backfillNoById, backfillId, backfillNo);
  return { status: "backfillCreated", backfillNo, dagId, eventSeq: writeEvent(tx, change, at, dagId) };
}

export function addBackfillItems(tx: Transaction, change: AddBackfillItems): Outcome {
  const { tables } = tx;
  const row = tables.backfills[change.backfillNo];
  if (row === undefined) return noSuchBackfill;
  if (row.state !== "preparing") return refused(`the backfill is ${row.state}`);
  if (change.items.length > mostItems) return refused(`more than ${mostItems} items at once`);
  if (change.items.some(({ itemNo }, index) => itemNo !== row.total + index))
    return refused(`the next item has the number ${row.total}`);
  const list = tx.listOf(tables.backfillItems, row.backfillNo);
  for (const item of change.items) {
    const { itemNo, logicalDate, intervalStart, intervalEnd, action, reason, params, conf } = item;
    tx.append(list, { itemNo, logicalDate, intervalStart, intervalEnd, action, reason, params, conf, runNo: null });
  }
  const skipped = row.skipped + change.items.filter(({ action }) => action === "skip").length;
  const nextItem = nextOf(list, row.nextItem);
  tx.replace(tables.backfills, row.backfillNo, { ...row, total: list.length, skipped, nextItem });
  return silent;
}

export function updateBackfill(tx: Transaction, change: UpdateBackfill): Outcome {
  const { tables } = tx;
  const { backfillNo, to, note, at } = change;
  const row = tables.backfills[backfillNo];
  if (row === undefined) return noSuchBackfill;
  if (!change.from.includes(row.state)) return refused(`the backfill is ${row.state}`);
  if (to === "completed" && (row.nextItem < row.total || row.active > 0))
    return refused(`the backfill has ${row.total - row.nextItem} items left and ${row.active} active runs`);
  const conflict = isUnderWay(to) && !isUnderWay(row.state) ? sameDate(tx, row) : undefined;
  if (conflict !== undefined) return conflict;
  const hasEnded = to === "cancelled" || to === "completed";
  const startedAt = to === "running" ? (row.startedAt ?? at) : row.startedAt;
  tx.replace(tables.backfills, backfillNo, { ...row, state: to, note, startedAt, endedAt: hasEnded ? at : null });
  const { backfillId, dagId } = row;
  const eventSeq = writeEvent(tx, change, at, dagId, undefined, backfillId);
  return { status: "done", eventSeq, backfill: { backfillId, dagId } };
}

export function setBackfillLimit(tx: Transaction, change: SetBackfillLimit): Outcome {
  const row = tx.tables.backfills[change.backfillNo];
  if (row === undefined) return noSuchBackfill;
  if (!(change.maxActive >= 1)) return refused("the limit is less than 1");
  tx.replace(tx.tables.backfills, row.backfillNo, { ...row, maxActive: change.maxActive });
  return silent;
}

export function skipBackfillItem(tx: Transaction, change: SkipBackfillItem): Outcome {
  const refusal = notNext(tx, change);
  if (refusal !== undefined) return refusal;
  const { backfillNo, itemNo, reason } = change;
  const [row, list] = kept(tx, backfillNo);
  tx.replace(list, itemNo, { ...(list[itemNo] as KeptBackfillItem), action: "skip", reason });
  tx.replace(tx.tables.backfills, backfillNo, { ...row, skipped: row.skipped + 1, nextItem: nextOf(list, itemNo + 1) });
  return silent;
}

export function deleteBackfills(tx: Transaction, { endedBefore, limit }: DeleteBackfills): Outcome {
  const { tables } = tx;
  const ended = tables.backfills
    .flatMap((row) => (row?.endedAt != null && row.endedAt < endedBefore ? [row] : []))
    .sort((a, b) => (a.endedAt as number) - (b.endedAt as number) || a.backfillNo - b.backfillNo)
    .slice(0, capped(limit));
  for (const { backfillNo, backfillId } of ended) {
    tx.replace(tables.backfills, backfillNo, undefined);
    tx.delete(tables.backfillNoById, backfillId);
    tx.delete(tables.backfillItems, backfillNo);
  }
  return { status: "deleted", count: ended.length };
}

/** Why a run cannot be made for this item, if so. */
export function notNext(tx: Transaction, { backfillNo, itemNo }: BackfillPlace, dagNo?: number): Refusal | undefined {
  const row = tx.tables.backfills[backfillNo];
  if (row === undefined) return noSuchBackfill;
  if (dagNo !== undefined && row.dagNo !== dagNo) return refused("the backfill is of another DAG");
  if (row.state !== "running") return refused(`the backfill is ${row.state}`);
  if (row.nextItem === row.total) return refused("the backfill has no item left");
  return row.nextItem === itemNo ? undefined : refused(`the next item of the backfill is ${row.nextItem}`);
}

/** The next item of a backfill has this run from now on. */
export function takeItem(tx: Transaction, { backfillNo, itemNo }: BackfillPlace, runNo: number, state: RunState): void {
  const [row, list] = kept(tx, backfillNo);
  tx.replace(list, itemNo, { ...(list[itemNo] as KeptBackfillItem), runNo });
  const counter = counterOf(state);
  const moved = { started: row.started + 1, [counter]: row[counter] + 1, nextItem: nextOf(list, itemNo + 1) };
  tx.replace(tx.tables.backfills, backfillNo, { ...row, ...moved });
}

/** A run of a backfill has moved. */
export function moveCounters(tx: Transaction, backfillNo: number, from: RunState, to: RunState): void {
  const row = tx.tables.backfills[backfillNo];
  const [left, entered] = [counterOf(from), counterOf(to)];
  if (row === undefined || left === entered) return;
  tx.replace(tx.tables.backfills, backfillNo, { ...row, [left]: row[left] - 1, [entered]: row[entered] + 1 });
}

function counterOf(state: RunState): "active" | "success" | "failed" | "cancelled" {
  return isRunFinished(state) ? (state as "success" | "failed" | "cancelled") : "active";
}

/** The first item from here on that is not to be skipped; one behind the last when there is none. */
function nextOf(list: readonly KeptBackfillItem[], from: number): number {
  let itemNo = from;
  while (list[itemNo]?.action === "skip") itemNo++;
  return itemNo;
}

function isUnderWay(state: BackfillRow["state"]): boolean {
  return state === "running" || state === "paused";
}

/** The refusal of a backfill with a date that another one under way has too. */
function sameDate(tx: Transaction, row: BackfillRow): Refusal | undefined {
  const datesOf = (backfillNo: number) =>
    kept(tx, backfillNo)[1].flatMap(({ action, logicalDate }) => (action === "skip" ? [] : [logicalDate]));
  const own = new Set(datesOf(row.backfillNo));
  for (const other of tx.tables.backfills) {
    if (other === undefined || other.dagNo !== row.dagNo || !isUnderWay(other.state)) continue;
    const shared = datesOf(other.backfillNo).filter((date) => own.has(date));
    if (shared.length > 0) return refused(conflictReason(other.backfillId, Math.min(...shared)));
  }
  return undefined;
}

/** @param date - in milliseconds since the epoch */
function conflictReason(backfillId: string, date: number): string {
  return `backfill '${backfillId}' has the date ${new Date(date).toISOString()} too`;
}

function kept(tx: Transaction, backfillNo: number): [BackfillRow, KeptBackfillItem[]] {
  return [tx.tables.backfills[backfillNo] as BackfillRow, tx.listOf(tx.tables.backfillItems, backfillNo)];
}

function refused(reason: string): Refusal {
  return { status: "refused", reason };
}

const noSuchBackfill: Refusal = Object.freeze({ status: "refused", reason: "there is no such backfill" } as const);
