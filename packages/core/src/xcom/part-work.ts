import { coreError, isMillraceError, messageOf } from "../errors.ts";
import type { OnOperation } from "./operation.ts";
import type { XComAddress, XComCall } from "./parts.ts";

/** One value on its way through the parts. */
export interface PartWork {
  readonly address: XComAddress;
  /** What parts are told. */
  readonly call: XComCall;
  readonly onOperation?: OnOperation;
  /** True for what the task's own stream has thrown: it is no failure of the part that reads it. */
  readonly isOfSource?: (error: unknown) => boolean;
}

type Did = "write" | "read" | "remove";

/** What a part throws names the part, unless it has a code of its own. */
export async function during<T>(
  part: { readonly name: string },
  did: Did,
  work: PartWork,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw partFailure(error, part, did, work);
  }
}

/** As {@link during}, for what a part throws while its pieces are read. */
export async function* duringPieces(
  part: { readonly name: string },
  did: Did,
  work: PartWork,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* pieces;
  } catch (error) {
    throw partFailure(error, part, did, work);
  }
}

function partFailure(error: unknown, part: { readonly name: string }, did: Did, work: PartWork): unknown {
  const { address, call, isOfSource } = work;
  if (isMillraceError(error) || isOfSource?.(error) || (call.signal?.aborted && error === call.signal.reason))
    return error;
  const { key, taskId } = address;
  return coreError("XCOM_PART_FAILED", { key, taskId, part: part.name, did, why: messageOf(error) }, { cause: error });
}
