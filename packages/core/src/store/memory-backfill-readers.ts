import type { BackfillFacet, BackfillItemRow, BackfillRow } from "./contract.ts";
import { type Access, capped } from "./memory-record-readers.ts";

export function backfillReader(access: Access): BackfillFacet {
  return {
    get: async (backfillNo) => copyOf(access().backfills[backfillNo]),
    async find(backfillId) {
      const { backfills, backfillNoById } = access();
      return copyOf(backfills[backfillNoById.get(backfillId) ?? 0]);
    },
    async list({ dagId, states, limit = 100, before = Number.POSITIVE_INFINITY }) {
      return [...access().backfills]
        .reverse()
        .flatMap((row) => row ?? [])
        .filter((row) => row.backfillNo < before && (dagId === undefined || row.dagId === dagId))
        .filter((row) => states === undefined || states.includes(row.state))
        .slice(0, capped(limit))
        .map((row) => ({ ...row }));
    },
    async items({ backfillNo, after = -1, limit = 1000, states }) {
      const { backfillItems, runs } = access();
      const found: BackfillItemRow[] = [];
      for (const item of backfillItems.get(backfillNo) ?? []) {
        if (found.length >= capped(limit)) break;
        const run = runs[item.runNo ?? 0];
        const state = item.action === "skip" ? "skipped" : item.runNo === null ? "pending" : run?.state;
        if (item.itemNo <= after || (states && (state === undefined || !states.includes(state)))) continue;
        found.push({ backfillNo, ...item, runId: run?.runId ?? null, runState: run?.state ?? null });
      }
      return found;
    },
  };
}

function copyOf(row: BackfillRow | undefined): BackfillRow | undefined {
  return row === undefined ? undefined : { ...row };
}
