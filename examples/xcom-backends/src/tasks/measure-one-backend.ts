import type { Clock, TaskContext } from "@millrace/core";
import { type XComBackendPart, xcomBackend } from "@millrace/core/plugin";
import { type BackendName, candidates } from "../backends/candidates.ts";
import type { ComparisonParams } from "../comparison-params.ts";
import type { MadeSample } from "../data/samples.ts";
import { measureBackend } from "../measure/measure-backend.ts";
import type { Measurement } from "../measure/measurement.ts";
import { workFolder } from "./work-folder.ts";

type Context = TaskContext<ComparisonParams, { readonly samples: readonly MadeSample[] }> & {
  readonly element: BackendName;
};

/** Measures one backend with every sample. */
export function measureOneBackend(clock: Clock) {
  return async ({ element, input, params, xcom, run, dag, log, signal }: Context): Promise<readonly Measurement[]> => {
    const { label, parts: partsOf } = candidates[element];
    await using folder = await workFolder(params.work_dir);
    const parts: readonly XComBackendPart[] = partsOf({ folder: folder.path, bucket: params.bucket });
    const backend = xcomBackend(parts);
    const measurements: Measurement[] = [];
    try {
      for (const part of backend.parts) await part.open?.();
      for (const spec of input.samples) {
        const value = await xcom.pull({ task: "generate_data", key: spec.name });
        const address = { dagId: dag.id, runId: run.id, taskId: element, mapIndex: -1, key: spec.name };
        measurements.push(
          await measureBackend(element, backend, { spec, value }, address, {
            clock,
            budgetMs: params.budget_ms,
            signal,
          }),
        );
      }
    } finally {
      for (const part of backend.parts) await part.close?.();
    }
    log.info("measured", { backend: label, samples: measurements.length });
    return measurements;
  };
}
