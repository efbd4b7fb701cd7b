import { isDeepStrictEqual } from "node:util";
import { fail, isMillraceError, type MillraceError, type TaskContext } from "@millrace/core";
import type { ComparisonParams } from "../comparison-params.ts";
import { makeSample } from "../data/samples.ts";
import type { Fault, FaultOutcome } from "../faults/fault.ts";
import { type FaultName, faults } from "../faults/faults.ts";
import { workFolder } from "./work-folder.ts";

/**
 * Stores a value, breaks it, and expects the error that says so; then mends it and expects the value. The task fails if
 * anything else happens, above all if the broken value can be read.
 */
export async function tryFault({
  element,
  params,
  run,
  dag,
  log,
}: TaskContext<ComparisonParams, undefined> & { readonly element: FaultName }): Promise<FaultOutcome> {
  const fault: Fault = faults[element];
  await using folder = await workFolder(params.work_dir);
  const value = makeSample({ name: element, kind: "structured", sizeBytes: 10_240 }, params.seed);
  const address = { dagId: dag.id, runId: run.id, taskId: element, mapIndex: -1, key: "return_value" };
  const staged = await fault.stage({ value, address, folder: folder.path, bucket: params.bucket });

  const error = await errorOf(staged.read());
  if (error === undefined) throw fail(`${element}: a broken value was read as if nothing had happened`);
  if (!isMillraceError(error, fault.code)) throw fail(`${element}: ${fault.code} was expected, not ${String(error)}`);
  const isMended = isDeepStrictEqual(await staged.readMended(), value);
  if (!isMended) throw fail(`${element}: the mended value is another one`);
  const { code, message, cure } = error as MillraceError;
  log.info(fault.says, { code, cure });
  return { fault: element, says: fault.says, code, message, mending: fault.mending, is_mended: isMended };
}

async function errorOf(read: Promise<unknown>): Promise<unknown> {
  return read.then(
    () => undefined,
    (error: unknown) => error,
  );
}
