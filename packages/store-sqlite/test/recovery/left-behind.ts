import { join } from "node:path";
import { collectXComs } from "@millrace/core/engine";
import { type Store, systemClock } from "@millrace/core/plugin";
import { file } from "@millrace/xcom-file";

const laterMs = 25 * 3_600_000;

/** Where the engines of a folder keep their large values. */
export function valuesIn(folder: string) {
  return file({ dir: join(folder, "xcoms") });
}

/**
 * Collects what processes that died have left behind, as one would a day later when all runs have ended.
 *
 * @returns how much that was, and what is wrong: what can still be collected, or was collected though a row leads to it
 */
export async function collectLeft(store: Store, folder: string) {
  const clock = { now: () => systemClock.now() + laterMs };
  const collect = async (dryRun: boolean) => {
    const [values] = await collectXComs({ store, places: [valuesIn(folder)], clock, dryRun });
    return values;
  };
  const found = await collect(false);
  const after = await collect(true);
  let rows = 0;
  for (const { runNo } of await store.runs.list({ limit: 10_000 }))
    rows += (await store.xcoms.ofRun(runNo)).filter(({ format }) => format === "envelope").length;
  const wrong: string[] = [];
  for (const { error } of [found, after]) if (error) wrong.push(`values could not be collected: ${error.message}`);
  if (after.found.count !== rows) wrong.push(`${rows} rows lead to values, and ${after.found.count} are kept`);
  return { removed: found.removed.count, wrong };
}
