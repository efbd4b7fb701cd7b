import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, memoryStore, type RunResult } from "@millrace/core/engine";
import { xcomBackendsComparison } from "../src/comparison-dag.ts";
import type { ComparisonRequest } from "../src/comparison-params.ts";

/** A run through the real engine, with folders of its own. */
export interface FinishedRun extends AsyncDisposable {
  readonly result: RunResult;
  readonly folder: string;
}

export async function runComparison(params: ComparisonRequest): Promise<FinishedRun> {
  const folder = await mkdtemp(join(tmpdir(), "xcom-backends-"));
  const comparison = xcomBackendsComparison();
  const engine = await createEngine({ dags: [comparison], store: memoryStore() });
  const folders = { work_dir: join(folder, "work"), reports_dir: join(folder, "reports") };
  const result = await engine.run(comparison, { params: { ...folders, ...params } });
  return {
    result,
    folder,
    async [Symbol.asyncDispose]() {
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
