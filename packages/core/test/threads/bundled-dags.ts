import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildBundle } from "../../src/config/bundles/build-bundle.ts";
import { keepBundle } from "../../src/config/bundles/bundle-folder.ts";
import { dagOfBundle } from "../../src/config/bundles/load-bundle.ts";
import { createEngine, type EngineOptions } from "../../src/engine/create-engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { RunOptions } from "../../src/engine/parse-run-request.ts";
import type { RunResult } from "../../src/engine/run-result.ts";
import type { Dag } from "../../src/index.ts";
import type { LogRow, Store } from "../../src/store/contract.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { projectWith } from "../config/in-node.ts";

const core = fileURLToPath(new URL("../..", import.meta.url));

/** The same tasks in two DAGs of one file, as threads need it: `inline` beside the engine, `thread` in threads. */
export async function bundledDags(
  tasks: string,
  { head = "", options = "{}" } = {},
): Promise<{ readonly inline: Dag; readonly thread: Dag }> {
  const folder = projectWith({
    "dags/both.ts": `import { dag, fail, skip } from "@millrace/core";
import { threadId } from "node:worker_threads";
${head}
for (const isolation of ["inline", "thread"]) exported.push(dag(isolation, { defaults: { isolation }, ...${options} }, (d) => {
${tasks}
}));
export { exported };`.replace("for (const", "const exported = [];\nfor (const"),
  });
  mkdirSync(join(folder, "node_modules/@millrace"), { recursive: true });
  symlinkSync(core, join(folder, "node_modules/@millrace/core"));
  const home = join(folder, ".millrace");
  const { bundle } = await buildBundle(home, join(folder, "dags/both.ts"));
  await keepBundle(home, bundle);
  const load = (id: string): Promise<Dag> => dagOfBundle({ home, hash: bundle.hash }, id);
  return { inline: await load("inline"), thread: await load("thread") };
}

/** A finished run, and the engine that made it. */
export interface Ran extends AsyncDisposable {
  readonly engine: Engine;
  readonly store: Store;
  readonly result: RunResult;
  /** Of all attempts of a task, or of one mapped instance. */
  logOf(taskId: string, mapIndex?: number): Promise<readonly LogRow[]>;
}

/** Runs a DAG to its end in an engine of its own: threads take real time, so the clock is the machine's. */
export async function ran(
  dag: Dag,
  options: Omit<EngineOptions, "dags"> = {},
  runOptions: RunOptions<unknown> = {},
): Promise<Ran> {
  const { store = memoryStore() } = options;
  const engine = await createEngine({ ...options, dags: [dag], store });
  const result = await engine.run(dag, runOptions);
  return {
    engine,
    store,
    result,
    async logOf(taskId, mapIndex = -1) {
      const rows = await engine.tasks(dag.id, result.runId);
      const row = rows.find((task) => task.taskId === taskId && task.mapIndex === mapIndex);
      // What is logged is written with a later group than the one that ends the run.
      await engine.signal("a group to write the log with");
      const lines: LogRow[] = [];
      while (row) {
        const page = await store.logs.list({ taskInstanceNo: row.taskInstanceNo, after: lines.at(-1)?.logNo });
        if (page.length === 0) break;
        lines.push(...page);
      }
      return lines;
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

/** The codes of errors by task. */
export function codesOf(result: RunResult): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(result.tasks).flatMap(([id, { error, state }]) => (error ? [[id, error.code ?? state]] : [])),
  );
}
