import type {
  AddBackfillItems,
  BackfillState,
  CreateBackfill,
  DeleteBackfills,
  Outcome,
  SetBackfillLimit,
  UpdateBackfill,
} from "@millrace/core/plugin";
import { capped } from "../facets/reading.ts";
import { RowBatch } from "./row-batch.ts";
import { refused, silent, type Writer } from "./writer.ts";

/** Items that are added at once. */
const mostItems = 10_000;

const itemColumns = [
  ...["backfill_no", "item_no", "logical_date", "interval_start", "interval_end", "action"],
  ...["reason", "params", "conf"],
];

export function backfillCreator({ sql, events }: Writer): (change: CreateBackfill) => Outcome {
  const findDag = sql.get("SELECT dag_id AS dagId FROM dags WHERE dag_no = ?");
  const insert = sql.get(
    `INSERT INTO backfills (backfill_id, dag_no, spec, max_active, created_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (backfill_id) DO NOTHING`,
  );
  return (change) => {
    const { backfillId, dagNo, spec, maxActive, at } = change;
    const dag = findDag.get(dagNo);
    if (dag === undefined) return refused("there is no such DAG");
    if (!(maxActive >= 1)) return refused("the limit is less than 1");
    const { changes, lastInsertRowid } = insert.run(backfillId, dagNo, spec, maxActive, at);
    if (changes === 0) return refused("the id of the backfill is taken");
    const dagId = String(dag.dagId);
    const eventSeq = events.write(change, at, dagId);
    return { status: "backfillCreated", backfillNo: Number(lastInsertRowid), dagId, eventSeq };
  };
}

export function itemAdder({ sql }: Writer): (change: AddBackfillItems) => Outcome {
  const find = sql.get("SELECT state, total, next_item AS nextItem FROM backfills WHERE backfill_no = ?");
  const update = sql.get(
    "UPDATE backfills SET total = total + ?, skipped = skipped + ?, next_item = ? WHERE backfill_no = ?",
  );
  const rows = new RowBatch(sql, "INSERT INTO", "backfill_items", itemColumns);
  return ({ backfillNo, items }) => {
    const row = find.get(backfillNo);
    if (row === undefined) return noSuchBackfill();
    if (row.state !== "preparing") return refused(`the backfill is ${row.state}`);
    if (items.length > mostItems) return refused(`more than ${mostItems} items at once`);
    const total = Number(row.total);
    if (items.some(({ itemNo }, index) => itemNo !== total + index))
      return refused(`the next item has the number ${total}`);
    try {
      for (const { itemNo, logicalDate, intervalStart, intervalEnd, action, reason, params, conf } of items)
        rows.add(backfillNo, itemNo, logicalDate, intervalStart, intervalEnd, action, reason, params, conf);
      rows.flush();
    } finally {
      rows.clear();
    }
    const skipped = items.filter(({ action }) => action === "skip").length;
    const next = items.find(({ action }) => action !== "skip")?.itemNo ?? total + items.length;
    update.all(items.length, skipped, row.nextItem === row.total ? next : Number(row.nextItem), backfillNo);
    return silent;
  };
}

export function backfillUpdater(writer: Writer): (change: UpdateBackfill) => Outcome {
  const { sql, events, backfills } = writer;
  const find = sql.get(
    `SELECT b.backfill_id AS backfillId, b.dag_no AS dagNo, d.dag_id AS dagId, b.state, b.total, b.active, b.next_item AS nextItem
     FROM backfills b JOIN dags d ON d.dag_no = b.dag_no WHERE b.backfill_no = ?`,
  );
  const update = sql.get(
    `UPDATE backfills SET state = ?1, note = ?2, started_at = iif(?1 = 'running', coalesce(started_at, ?3), started_at),
       ended_at = iif(?1 IN ('cancelled', 'completed'), ?3, NULL) WHERE backfill_no = ?4`,
  );
  const sharedDate = conflictFinder(writer);
  return (change) => {
    const { backfillNo, from, to, note, at } = change;
    backfills.flush();
    const row = find.get(backfillNo);
    if (row === undefined) return noSuchBackfill();
    const state = row.state as BackfillState;
    if (!from.includes(state)) return refused(`the backfill is ${state}`);
    const left = Number(row.total) - Number(row.nextItem);
    if (to === "completed" && (left > 0 || row.active !== 0))
      return refused(`the backfill has ${left} items left and ${row.active} active runs`);
    if (isUnderWay(to) && !isUnderWay(state)) {
      const conflict = sharedDate(backfillNo, Number(row.dagNo));
      if (conflict !== undefined) return refused(conflict);
    }
    update.all(to, note, at, backfillNo);
    const { backfillId, dagId } = row as { backfillId: string; dagId: string };
    const eventSeq = events.write(change, at, dagId, undefined, backfillId);
    return { status: "done", eventSeq, backfill: { backfillId, dagId } };
  };
}

export function limitSetter({ sql }: Writer): (change: SetBackfillLimit) => Outcome {
  const update = sql.get("UPDATE backfills SET max_active = ? WHERE backfill_no = ?");
  return ({ backfillNo, maxActive }) => {
    if (!(maxActive >= 1)) return refused("the limit is less than 1");
    return update.run(maxActive, backfillNo).changes === 1 ? silent : noSuchBackfill();
  };
}

export function backfillDeleter({ sql }: Writer): (change: DeleteBackfills) => Outcome {
  const find = sql.get(
    "SELECT backfill_no AS backfillNo FROM backfills WHERE ended_at < ? ORDER BY ended_at, backfill_no LIMIT ?",
  );
  const removeItems = sql.get("DELETE FROM backfill_items WHERE backfill_no = ?");
  const remove = sql.get("DELETE FROM backfills WHERE backfill_no = ?");
  return ({ endedBefore, limit }) => {
    const ended = find.all(endedBefore, capped(limit));
    for (const { backfillNo } of ended) {
      removeItems.all(backfillNo);
      remove.all(backfillNo);
    }
    return { status: "deleted", count: ended.length };
  };
}

/** The sentence about a backfill under way that has a date of this one. */
function conflictFinder({ sql }: Writer): (backfillNo: number, dagNo: number) => string | undefined {
  const find = sql.get(
    `SELECT b.backfill_id AS backfillId, mine.logical_date AS logicalDate FROM backfills b
     CROSS JOIN backfill_items mine CROSS JOIN backfill_items theirs
     WHERE b.dag_no = ?2 AND b.state IN ('running', 'paused') AND mine.backfill_no = ?1 AND mine.action <> 'skip'
       AND theirs.backfill_no = b.backfill_no AND theirs.logical_date = mine.logical_date AND theirs.action <> 'skip'
     ORDER BY b.dag_no, b.backfill_no, mine.backfill_no, mine.logical_date LIMIT 1`,
  );
  return (backfillNo, dagNo) => {
    const row = find.get(backfillNo, dagNo);
    if (row === undefined) return undefined;
    return `backfill '${row.backfillId}' has the date ${new Date(Number(row.logicalDate)).toISOString()} too`;
  };
}

function isUnderWay(state: BackfillState): boolean {
  return state === "running" || state === "paused";
}

export function noSuchBackfill(): Outcome {
  return refused("there is no such backfill");
}
