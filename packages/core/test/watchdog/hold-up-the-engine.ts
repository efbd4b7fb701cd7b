// A process of its own: a task that holds up the engine until a file is there.
import { existsSync } from "node:fs";
import { dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { memoryStore } from "@millrace/core/plugin";

const [released] = process.argv.slice(2) as [string];
let release = (): void => undefined;
const held = dag("held", {}, (d) => {
  d.task("over_before", () => 1);
  d.task(
    "waits",
    () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }),
  );
  d.task("spins", async () => {
    await new Promise((resolve) => setImmediate(resolve));
    while (!existsSync(released));
    release();
  });
});
await using engine = await createEngine({ dags: [held], store: memoryStore(), watchdog: { after: "200ms" } });
const { state } = await engine.run(held);
console.log(state);
