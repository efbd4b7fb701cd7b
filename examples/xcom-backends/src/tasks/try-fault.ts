import type { TaskContext } from "@millrace/core";
import type { ComparisonParams } from "../comparison-params.ts";
import { makeSample } from "../data/samples.ts";
import type { FaultOutcome } from "../faults/fault.ts";
import { type FaultName, faults } from "../faults/faults.ts";
import { tryOne } from "../faults/try-one.ts";
import { workFolder } from "./work-folder.ts";

type Context = TaskContext<ComparisonParams, undefined> & { readonly element: FaultName };

/** Tries one thing that can go wrong with a stored value. */
export async function tryFault({ element, params, run, dag, log }: Context): Promise<FaultOutcome> {
  await using folder = await workFolder(params.work_dir);
  const outcome = await tryOne(element, faults[element], {
    value: makeSample({ name: element, kind: "structured", sizeBytes: 10_240 }, params.seed),
    address: { dagId: dag.id, runId: run.id, taskId: element, mapIndex: -1, key: "return_value" },
    folder: folder.path,
    bucket: params.bucket,
  });
  log.info(outcome.says, { code: outcome.code });
  return outcome;
}
