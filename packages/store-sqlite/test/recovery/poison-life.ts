// One life of an engine with a task that ends its process in the way named, while others are under way.
import { join } from "node:path";
import { dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { sqlite } from "../../src/index.ts";

// Only commands end their process; this one plays the code of somebody who does it all the same.
const { exit } = process;

/** Ways in which a task's code can end the process that makes it. */
export const deaths = {
  exit: () => exit(0),
  SIGKILL: () => process.kill(process.pid, "SIGKILL"),
  abort: () => process.abort(),
  "an error that nobody catches": () => void setImmediate(() => JSON.parse("{")),
} as const;

export type Death = keyof typeof deaths;

export const harmless = ["a", "b", "c"] as const;

if (import.meta.main) {
  const [folder = "", death] = process.argv.slice(2) as [string, Death];
  let underWay = 0;
  const neighbours = dag("neighbours", {}, (d) => {
    for (const id of harmless)
      d.task(id, async () => {
        underWay++;
        await new Promise((resolve) => setTimeout(resolve, 150));
        underWay--;
      });
  });
  const poison = dag("poison", {}, (d) => {
    const bad = d.task("bad", { retries: 5 }, async () => {
      // The first time it has company, so that the engine cannot know who it was.
      while (underWay > 0 && underWay < harmless.length) await new Promise((resolve) => setImmediate(resolve));
      deaths[death]();
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });
    d.task("behind", { input: bad }, () => undefined);
  });
  const store = sqlite({ path: join(folder, "millrace.db") });
  const engine = await createEngine({ dags: [neighbours, poison], store, home: folder });
  await engine.start();
  for (const dagId of ["neighbours", "poison"]) await engine.trigger(dagId, { runId: "r", idempotencyKey: "r" });
  const runs = await engine.runs();
  for (const { runNo } of runs)
    for await (const { kind } of engine.follow({ after: 0, runNo, untilEnd: true })) void kind;
  await engine.close();
  process.stdout.write("over\n");
}
