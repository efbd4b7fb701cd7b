import { join } from "node:path";
import { openEngine, succeed } from "./bench-engine.ts";
import { checkDurable } from "./durable-counts.ts";
import type { Figure, Target } from "./figure.ts";
import { wideDag } from "./flows.ts";
import { type Took, takeInTurns } from "./measure.ts";
import { RawLimit } from "./raw-limit.ts";
import type { Sizes } from "./sizes.ts";

const tasksPerTransaction = 50;
const target: Target = { ratioAtLeast: 0.4, atLeast: 40_000 };
/** What `createEngine` runs at once when it is not told. */
const usualConcurrency = 32;

/** Tasks per second through the whole engine, beside the bare statements; all in turns, round by round. */
export async function measureThroughput(folder: string, sizes: Sizes): Promise<Figure[]> {
  const wide = wideDag("wide", sizes.wideTasks);
  const small = wideDag("small", sizes.tasksPerRun);
  const path = join(folder, "throughput.db");
  const usualPath = join(folder, "usual.db");
  const raw = new RawLimit(join(folder, "raw.db"));
  const engine = await openEngine(path, [wide, small]);
  const usual = await openEngine(usualPath, [wide], usualConcurrency);
  const took = await takeInTurns(
    {
      raw: () => raw.writeTasks(sizes.wideTasks, tasksPerTransaction),
      wide: () => succeed(engine, wide),
      runs: () => Promise.all(Array.from({ length: sizes.runs }, () => succeed(engine, small))),
      usual: () => succeed(usual, wide),
    },
    sizes.rounds,
    () => raw.checkpoint(),
  );
  const rounds = sizes.rounds.warm + sizes.rounds.counted;
  checkDurable(path, rounds * (sizes.wideTasks + sizes.runs * sizes.tasksPerRun));
  checkDurable(usualPath, rounds * sizes.wideTasks);
  raw.close();
  await engine.close();
  await usual.close();

  const rawRate = perSecond(took.raw, sizes.wideTasks);
  const durable = (id: string, name: string, time: Took, tasks: number): Figure => {
    const rate = perSecond(time, tasks);
    return {
      id,
      name,
      value: rate.wall,
      unit: "tasks/s",
      ratio: { value: rate.wall / rawRate.wall, to: "raw limit" },
      target,
      note: `${Math.round(rate.cpu).toLocaleString("en-US")} tasks per second of processor time, all threads counted (${Math.round((rate.cpu / rawRate.cpu) * 100)} % of the raw limit's)`,
      more: { tasksPerCpuSecond: rate.cpu, cpuRatio: rate.cpu / rawRate.cpu },
    };
  };
  return [
    {
      id: "rawLimit",
      name: `raw limit: the statements alone, ${tasksPerTransaction} tasks a transaction`,
      value: rawRate.wall,
      unit: "tasks/s",
      note: `${Math.round(rawRate.cpu).toLocaleString("en-US")} tasks per second of processor time`,
      more: { tasksPerCpuSecond: rawRate.cpu },
    },
    durable("wide", `durable: one DAG of ${format(sizes.wideTasks)} tasks`, took.wide, sizes.wideTasks),
    durable(
      "manyRuns",
      `durable: ${format(sizes.runs)} runs × ${sizes.tasksPerRun} tasks`,
      took.runs,
      sizes.runs * sizes.tasksPerRun,
    ),
    {
      ...durable("wideUsual", `durable: the same wide DAG, default concurrency`, took.usual, sizes.wideTasks),
      target: undefined,
    },
  ];
}

function perSecond({ wallMs, cpuMs }: Took, tasks: number): { readonly wall: number; readonly cpu: number } {
  return { wall: (tasks / wallMs) * 1_000, cpu: (tasks / cpuMs) * 1_000 };
}

function format(count: number): string {
  return count.toLocaleString("en-US");
}
