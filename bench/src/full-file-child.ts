// A process of its own: the same work on a file that holds little and on one that the engine has filled.
import { join } from "node:path";
import { openEngine, succeed } from "./bench-engine.ts";
import { checkDurable } from "./durable-counts.ts";
import { wideDag } from "./flows.ts";
import { takeInTurns } from "./measure.ts";

const [folder, emptyText, fullText] = process.argv.slice(2);
const work = wideDag("work", Math.min(1_000, Number(emptyText)));
const tasks = work.tasks.length;
const runsAtOnce = 10;

const few = await openEngine(join(folder, "few.db"), [work]);
const many = await openEngine(join(folder, "many.db"), [work]);
for (let done = 0; done < Number(emptyText); done += tasks) await succeed(few, work);
for (let done = 0; done < Number(fullText); done += tasks) await succeed(many, work);
checkDurable(join(folder, "many.db"), Math.ceil(Number(fullText) / tasks) * tasks);

const rounds = Number(fullText) > 1_000 ? { warm: 2, counted: 11 } : { warm: 0, counted: 1 };
const took = await takeInTurns(
  {
    few: () => Promise.all(Array.from({ length: runsAtOnce }, () => succeed(few, work))),
    many: () => Promise.all(Array.from({ length: runsAtOnce }, () => succeed(many, work))),
  },
  rounds,
);
await few.close();
await many.close();
const microseconds = (wallMs: number): number => (wallMs * 1_000) / (runsAtOnce * tasks);
console.log(JSON.stringify({ fewUs: microseconds(took.few.wallMs), manyUs: microseconds(took.many.wallMs) }));
