import type { TaskContext } from "@millrace/core";
import type { ComparisonParams } from "../comparison-params.ts";
import { type FaultName, faultNames, faults } from "../faults/faults.ts";

/** Those that can be tried here: some need a bucket. */
export function listFaults({ params }: TaskContext<ComparisonParams, undefined>): readonly FaultName[] {
  return faultNames.filter((name) => params.bucket || !faults[name].needsBucket);
}
