// Prints what the store's commit() reaches of the raw limit: `node --conditions=millrace-source src/compare-store.ts`.
import { join } from "node:path";
import { take } from "./measure.ts";
import { RawLimit } from "./raw-limit.ts";
import { withScratchFolder } from "./scratch-folder.ts";
import { measureStoreCommit } from "./store-commit.ts";

const tasks = Number(process.argv[2] ?? 200_000);
const show = (name: string, perSecond: number, of?: number): void => {
  const share = of === undefined ? "" : `${((perSecond / of) * 100).toFixed(0)} %`;
  console.log(`${name.padEnd(52)}${Math.round(perSecond).toLocaleString("en").padStart(9)} tasks/s  ${share}`);
};

for (let round = 0; round < 3; round++) {
  const { wallMs } = await withScratchFolder((folder) => {
    const limit = new RawLimit(join(folder, "raw.db"));
    return take(() => limit.writeTasks(tasks, 50)).finally(() => limit.close());
  });
  const raw = (tasks / wallMs) * 1_000;
  show("raw limit, transactions of 50", raw);
  const wide = await measureStoreCommit({ tasks, tasksPerRun: 10_000, groupSize: 50 });
  show("commit(), runs of 10,000 tasks", wide.all, raw);
  show("  without creating the runs", wide.pairs, raw);
  const narrow = await measureStoreCommit({ tasks, tasksPerRun: 10, groupSize: 50 });
  show("commit(), runs of 10 tasks", narrow.all, raw);
  show("  without creating the runs", narrow.pairs, raw);
}
