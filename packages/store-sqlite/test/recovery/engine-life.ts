// One life of an engine on a file: makes some runs, goes on with those of former lives, and dies at the moment it was told.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createEngine, loadDags, requestService } from "@millrace/core/engine";
import { sqlite } from "../../src/index.ts";
import { writeDagFile } from "./bundled-dag.ts";
import { type Kill, Killer, killAtBundles, killingPlace, killingStore } from "./kill-points.ts";
import { valuesIn } from "./left-behind.ts";
import { recoveryDags } from "./recovery-dags.ts";

/** What the process is told on its command line. */
export interface LifePlan {
  readonly folder: string;
  readonly life: number;
  readonly kill?: Kill;
}

// Otherwise Node writes it when a process ends, which these do not.
flushCompileCache();
const { folder, life, kill } = JSON.parse(process.argv[2] ?? "") as LifePlan;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const killer = new Killer(kill);
const store = killingStore(sqlite({ path: join(folder, "millrace.db") }), killer);
const startFile = join(folder, "start");
if (!existsSync(startFile)) writeFileSync(startFile, String(Date.now()));
const dags = recoveryDags(
  ({ dag, run, task, attempt }) => {
    const effect = { dagId: dag.id, runId: run.id, taskId: task.id, mapIndex: task.mapIndex, attempt };
    appendFileSync(join(folder, "effects"), `${JSON.stringify(effect)}\n`);
  },
  Number(readFileSync(startFile, "utf8")),
);

killAtBundles(killer);
// A new version now and then: to make one costs more than all else that a life does before it begins.
if (life % 4 === 0 || kill?.point === "bundle write") writeDagFile(folder, life);
const loaded = await loadDags({ folder: join(folder, "dags"), home: folder });
for (const { error } of loaded.errors) say(`refused ${error.code} ${error.message}`);
const bundled = loaded.dags.map(({ dag }) => dag);

const engine = await createEngine({
  dags: [...dags, ...bundled],
  store,
  home: folder,
  concurrency: 8,
  pools: { narrow: 2 },
  xcom: { backend: [killingPlace(valuesIn(folder), killer)] },
  // What takes its process along here is the test, not the tasks.
  maxCrashes: 1_000,
  services: [requestService({ home: folder, pollMs: 20 })],
});
engine.observe(({ kind, dagId, runId, taskId }) => {
  const hasEnded = kind === "run.success" || kind === "run.failed";
  say(hasEnded ? `ended ${dagId} ${runId}` : `event ${kind} ${taskId ?? ""}`);
});
const { refused } = await engine.start();
for (const { dagId, runId, error } of refused) say(`refused ${dagId} ${runId} ${error.code}`);
say("started");
await engine.unpause("ticking");
for (const [number, dagId] of ["mixed", "wide", "quick", "wide", "hopeless", "versioned"].entries()) {
  const name = `life-${life}-${number}`;
  await engine.trigger(dagId, { runId: name, idempotencyKey: name });
}

let isTold = false;
let isPaused = false;
const looking = setInterval(() => void look(), 25);
async function look(): Promise<void> {
  const active = await engine.runs({ states: ["queued", "running"], limit: 1 });
  const pending = await store.requests.pending(1);
  if (isTold || active.length + pending.length > 0) return;
  isTold = true;
  // There is always another run that is due.
  if (!isPaused) {
    isPaused = true;
    await engine.pause("ticking");
    isTold = false;
    return;
  }
  say("over");
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "again") isTold = false;
  else break;
}
clearInterval(looking);
await engine.close();
say("closed");
