// An engine that makes run after run until its disk fails, or until it has made as many as it was told.
import { join } from "node:path";
import { dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { isMillraceError } from "@millrace/core/plugin";
import { sqlite } from "../../src/index.ts";

const [folder = "", runs] = process.argv.slice(2);
const pair = dag("pair", {}, (d) => {
  const first = d.task("first", () => "x".repeat(100));
  d.task("second", { input: first }, ({ input }) => input.length);
});
const engine = await createEngine({ dags: [pair], store: sqlite({ path: join(folder, "millrace.db") }), home: folder });
await engine.start();
try {
  for (let number = 0; number < Number(runs); number++) {
    const { runId } = await engine.run(pair, { idempotencyKey: String(number) });
    process.stdout.write(`${runId}\n`);
  }
  for (const { runNo } of await engine.runs())
    for await (const { kind } of engine.follow({ after: 0, runNo, untilEnd: true })) void kind;
} catch (error) {
  process.exitCode = 1;
  const cause = error instanceof Error ? error.cause : undefined;
  process.stderr.write(`${isMillraceError(error) && error.code} ${isMillraceError(cause) && cause.code}\n`);
} finally {
  await engine.close().catch(() => undefined);
}
