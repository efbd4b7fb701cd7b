// A process of its own: an engine that has finished many task instances and has others running now.
// It is JavaScript because the part of Node that runs TypeScript would take 45 MB of what is measured.
import { dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";

const [path, finishedText, activeText] = process.argv.slice(2);
const finished = Number(finishedText);
const active = Number(activeText);
const tasksPerRun = Math.min(1_000, finished);

const done = dag("done", { maxActiveTasks: tasksPerRun }, (d) => {
  for (let place = 0; place < tasksPerRun; place++) d.task(`task_${place}`, () => 1);
});
let started = 0;
const everyoneRuns = Promise.withResolvers();
const gate = Promise.withResolvers();
const waiting = dag("waiting", { maxActiveTasks: active }, (d) => {
  for (let place = 0; place < active; place++)
    d.task(`task_${place}`, () => {
      if (++started === active) everyoneRuns.resolve();
      return gate.promise;
    });
});

const engine = await createEngine({
  dags: [done, waiting],
  store: sqlite({ path }),
  concurrency: active,
  pools: { default_pool: active },
});
const bareMb = residentMb();
for (let run = 0; run < finished / tasksPerRun; run++) await engine.run(done);
const end = engine.run(waiting);
await everyoneRuns.promise;
const memory = { bareMb, residentMb: residentMb(), peakMb: process.resourceUsage().maxRSS / 1_024 };
gate.resolve(1);
await end;
await engine.close();
console.log(JSON.stringify(memory));

function residentMb() {
  return process.memoryUsage().rss / 2 ** 20;
}
