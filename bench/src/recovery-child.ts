// A process of its own: `make` fills a file with runs in the middle of their work and dies; `recover` goes on with them.
import { join } from "node:path";
import { dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";

const [what, folder = "", runsText, tasksText] = process.argv.slice(2);
const [runs, tasks] = [Number(runsText), Number(tasksText)];
let held = 0;
let failed = 0;

/** A third of the tasks is being made, a third waits for its retry, a third waits for the first. */
const stuck = dag("stuck", { maxActiveRuns: runs, maxActiveTasks: runs * tasks }, (d) => {
  for (let number = 0; number < tasks; number += 3) {
    const making = d.task(`making_${number}`, ({ signal }) => {
      held++;
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    });
    if (number + 1 < tasks)
      d.task(`failing_${number}`, { retries: { max: 1, delay: "1d", backoff: "fixed" } }, () => {
        failed++;
        throw new Error("once");
      });
    if (number + 2 < tasks) d.task(`behind_${number}`, { input: making }, () => undefined);
  }
});
const making = Math.ceil(tasks / 3) * runs;
const failing = Math.ceil((tasks - 1) / 3) * runs;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const beganAt = performance.now();
const engine = await createEngine({
  dags: [stuck],
  store: sqlite({ path: join(folder, "recovery.db") }),
  concurrency: runs * tasks,
  pools: { default_pool: runs * tasks },
});
if (what === "make") {
  await Promise.all(Array.from({ length: runs }, () => engine.trigger(stuck)));
  for (let waiting = 0; held < making || failed < failing || waiting < failing; await turn()) {
    if (held < making || failed < failing) continue;
    const events = await engine.events({ after: 0, limit: 1 });
    if (events.length === 0) continue;
    const rows = await Promise.all(
      (await engine.runs({ limit: runs })).map(({ runId }) => engine.tasks("stuck", runId)),
    );
    waiting = rows.flat().filter(({ state }) => state === "up_for_retry").length;
  }
  // The parent takes this for the moment to kill.
  console.log("made");
} else {
  const openMs = performance.now() - beganAt;
  const { adopted } = await engine.start();
  while (held < making) await turn();
  const liveMs = performance.now() - beganAt;
  if (adopted !== runs) throw new Error(`${adopted} of ${runs} runs went on`);
  await engine.close();
  console.log(JSON.stringify({ openMs, liveMs }));
}
