// A process of its own: tasks that print far more than is kept, and how large the process grows meanwhile.
import { createEngine } from "@millrace/core/engine";
import { memoryStore } from "@millrace/core/plugin";
import { bundledDags } from "../threads/bundled-dags.ts";

const [where, what] = process.argv.slice(2);
const printing: Readonly<Record<string, string>> = {
  gigabyte: `const line = "x".repeat(65_535); for (let n = 0; n < times * 16_384; n++) console.log(line);`,
  writes: `const line = "x".repeat(65_535) + "\\n"; for (let n = 0; n < times * 16_384; n++) process.stdout.write(line);`,
  longLines: `const line = "x".repeat(times * 50_000_000); for (let n = 0; n < 20; n++) console.error(line);`,
};
const dags = await bundledDags(
  `d.task("prints", ({ conf }) => { const times = conf.times as number; ${printing[what as string]} });`,
);
const dag = where === "thread" ? dags.thread : dags.inline;
const store = memoryStore();
const engine = await createEngine({ dags: [dag], store });
const rss = (): number => process.memoryUsage.rss() / 1_048_576;
// The first run loads what any run needs.
await engine.run(dag, { conf: { times: 0.0001 } });
const before = rss();
let most = before;
const timer = setInterval(() => {
  most = Math.max(most, rss());
}, 2);
const { state } = await engine.run(dag, { conf: { times: 1 } });
clearInterval(timer);
most = Math.max(most, rss());
await engine.close();
console.log(JSON.stringify({ state, grownMb: most - before }));
