import { isDeepStrictEqual } from "node:util";
import { fail, isMillraceError, type MillraceError } from "@millrace/core";
import type { Fault, FaultOutcome, Scene } from "./fault.ts";

/**
 * Stores a value, breaks it, and expects the error that says so; then mends it and expects the value. Fails, without another
 * try, if anything else happens, above all if the broken value can be read.
 */
export async function tryOne(name: string, fault: Fault, scene: Scene): Promise<FaultOutcome> {
  const staged = await fault.stage(scene);
  const error = await staged.read().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) throw fail(`${name}: a broken value was read as if nothing had happened`);
  if (!isMillraceError(error, fault.code)) throw fail(`${name}: ${fault.code} was expected, not ${String(error)}`);
  const isMended = isDeepStrictEqual(await staged.readMended(), scene.value);
  if (!isMended) throw fail(`${name}: the mended value is another one`);
  const { code, message } = error as MillraceError;
  return { fault: name, says: fault.says, code, message, mending: fault.mending, is_mended: isMended };
}
