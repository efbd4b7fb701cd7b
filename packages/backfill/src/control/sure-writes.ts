import type { ServiceHost } from "@millrace/core/engine";
import type { BackfillItem, BackfillRow, BackfillState } from "@millrace/core/plugin";
import { backfillError } from "../errors.ts";

/**
 * Changes of backfills. The engine sends a group again whose answer was lost; if it had been stored, the second one is refused.
 * So what is refused is looked at: it may be so already.
 */

export type EndState = Exclude<BackfillState, "preparing">;

/** Why it was refused; `undefined` when the backfill is in the state now. */
export async function moveBackfill(
  { clock, store, write }: ServiceHost,
  backfillNo: number,
  { from, to, note }: { readonly from: readonly BackfillState[]; readonly to: EndState; readonly note: string | null },
): Promise<string | undefined> {
  const at = clock.now();
  const moved = await write({ kind: "updateBackfill", backfillNo, from, to, note, at });
  if (moved.status !== "refused") return undefined;
  const row = await store.backfills.get(backfillNo);
  return row?.state === to && row.note === note ? undefined : moved.reason;
}

/** @throws `BACKFILL_REFUSED` */
export async function addBackfill(
  { store, write }: ServiceHost,
  backfill: Pick<BackfillRow, "backfillId" | "dagNo" | "spec" | "maxActive"> & { readonly at: number },
): Promise<number> {
  const made = await write({ kind: "createBackfill", ...backfill });
  if (made.status === "backfillCreated") return made.backfillNo;
  const { backfillId, spec, at } = backfill;
  const row = await store.backfills.find(backfillId);
  if (row?.state === "preparing" && row.spec === spec && row.createdAt === at && row.total === 0) return row.backfillNo;
  throw refused(backfillId, made);
}

/** @throws `BACKFILL_REFUSED` */
export async function addItems(
  { store, write }: ServiceHost,
  backfillNo: number,
  items: readonly BackfillItem[],
): Promise<void> {
  const added = await write({ kind: "addBackfillItems", backfillNo, items });
  if (added.status === "done") return;
  const row = await store.backfills.get(backfillNo);
  if (row?.state === "preparing" && row.total === (items.at(-1)?.itemNo ?? -1) + 1) return;
  throw refused(row?.backfillId ?? String(backfillNo), added);
}

function refused(backfillId: string, outcome: { readonly status: string; readonly reason?: string }) {
  return backfillError("BACKFILL_REFUSED", { backfillId, why: outcome.reason ?? outcome.status });
}
