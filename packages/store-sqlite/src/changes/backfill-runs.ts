import type { BackfillPlace, Outcome, RunState, SkipBackfillItem } from "@millrace/core/plugin";
import { noSuchBackfill } from "./backfills.ts";
import { refused, silent, type Writer } from "./writer.ts";

/** The first item behind this one that is not to be skipped; the number of items when there is none. */
const nextItem = `coalesce((SELECT item_no FROM backfill_items WHERE backfill_no = ?1 AND item_no > ?2 AND action <> 'skip'
  ORDER BY item_no LIMIT 1), total)`;

/** Why an item cannot be taken now; `undefined` when it can. */
export function takingGuard({ sql }: Writer): (place: BackfillPlace, dagNo?: number) => Outcome | undefined {
  const find = sql.get("SELECT dag_no AS dagNo, state, total, next_item AS next FROM backfills WHERE backfill_no = ?");
  return ({ backfillNo, itemNo }, dagNo) => {
    const row = find.get(backfillNo);
    if (row === undefined) return noSuchBackfill();
    if (dagNo !== undefined && row.dagNo !== dagNo) return refused("the backfill is of another DAG");
    if (row.state !== "running") return refused(`the backfill is ${row.state}`);
    if (row.next === row.total) return refused("the backfill has no item left");
    return row.next === itemNo ? undefined : refused(`the next item of the backfill is ${row.next}`);
  };
}

/** Gives the next item of a backfill its run. */
export function itemTaker({ sql, backfills }: Writer): (place: BackfillPlace, runNo: number, state: RunState) => void {
  const take = sql.get("UPDATE backfill_items SET run_no = ? WHERE backfill_no = ? AND item_no = ?");
  const count = sql.get(`UPDATE backfills SET started = started + 1, next_item = ${nextItem} WHERE backfill_no = ?1`);
  return ({ backfillNo, itemNo }, runNo, state) => {
    take.all(runNo, backfillNo, itemNo);
    count.all(backfillNo, itemNo);
    backfills.begin(runNo, backfillNo, state);
  };
}

export function itemSkipper(writer: Writer): (change: SkipBackfillItem) => Outcome {
  const { sql } = writer;
  const skip = sql.get("UPDATE backfill_items SET action = 'skip', reason = ? WHERE backfill_no = ? AND item_no = ?");
  const count = sql.get(`UPDATE backfills SET skipped = skipped + 1, next_item = ${nextItem} WHERE backfill_no = ?1`);
  const whyNot = takingGuard(writer);
  return (change) => {
    const { backfillNo, itemNo, reason } = change;
    const refusal = whyNot(change);
    if (refusal !== undefined) return refusal;
    skip.all(reason, backfillNo, itemNo);
    count.all(backfillNo, itemNo);
    return silent;
  };
}
