import type { TaskContext } from "@millrace/core";
import { type BackendName, backendNames, candidates } from "../backends/candidates.ts";
import type { ComparisonParams } from "../comparison-params.ts";

/** Those that can be measured here: some need a bucket. */
export function listBackends({ params, log }: TaskContext<ComparisonParams, undefined>): readonly BackendName[] {
  const missing = params.bucket ? [] : backendNames.filter((name) => candidates[name].needsBucket);
  if (missing.length > 0) log.warn("there is no bucket: left out", { backends: missing.join(", ") });
  return backendNames.filter((name) => !missing.includes(name));
}
