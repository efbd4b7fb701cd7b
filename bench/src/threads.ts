import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createEngine, type Executor, loadDags, localExecutor } from "@millrace/core/engine";
import { memoryStore } from "@millrace/core/plugin";
import { Piscina } from "piscina";
import { succeed } from "./bench-engine.ts";
import type { Figure } from "./figure.ts";
import { median } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

const chain = (tasks: number): string => `import { dag } from "@millrace/core";
export default dag("threads", { defaults: { isolation: "thread" } }, (d) => {
  d.chain(...Array.from({ length: ${tasks} }, (_, place) => d.task("task_" + place, () => 1)));
});
`;

/** What an attempt in a warm thread takes, from the hand-over to the executor to its outcome, beside the pool's own call. */
export async function measureThreads(folder: string, { threadTasks, rounds }: Sizes): Promise<Figure> {
  const file = join(folder, "threads.ts");
  const bareFile = join(folder, "bare.mjs");
  writeFileSync(file, chain(threadTasks));
  writeFileSync(bareFile, "export default () => 1;\n");
  const { dags, errors } = await loadDags({ files: [file], home: folder });
  if (errors[0]) throw errors[0].error;
  const [{ dag }] = dags as [(typeof dags)[number]];
  const took: number[] = [];
  const bare: number[] = [];
  const executor = timed(localExecutor({ concurrency: 32 }), (ms) => took.push(ms));
  const engine = await createEngine({ dags: [dag], store: memoryStore(), executor });
  const pool = new Piscina({ filename: pathToFileURL(bareFile).href, recordTiming: false });
  for (let round = 0; round < rounds.warm + rounds.counted; round++) {
    if (round === rounds.warm) took.length = bare.length = 0;
    await succeed(engine, dag);
    for (let task = 0; task < threadTasks; task++) {
      const began = performance.now();
      await pool.run(undefined);
      bare.push(performance.now() - began);
    }
  }
  await pool.destroy();
  await engine.close();
  const bareMs = median(bare);
  const value = median(took);
  return {
    id: "threadRoundTrip",
    name: "a no-op task in a warm thread, from the executor and back",
    value,
    unit: "ms",
    ratio: { value: value / bareMs, to: "piscina's bare call" },
    target: { atMost: 0.3 },
    note: `piscina alone, without an attempt's context, log and signal: ${bareMs.toFixed(3)} ms`,
    more: { bareMs },
  };
}

/** The same executor, which tells how long each attempt took. */
function timed(executor: Executor, tell: (ms: number) => void): Executor {
  const began = new Map<number, number>();
  return {
    ...executor,
    start(host) {
      executor.start({
        perform: (job) => host.perform(job),
        finished(token, outcome) {
          tell(performance.now() - (began.get(token) as number));
          began.delete(token);
          host.finished(token, outcome);
        },
      });
    },
    submit(job) {
      began.set(job.token, performance.now());
      executor.submit(job);
    },
  };
}
