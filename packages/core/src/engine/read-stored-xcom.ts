import type { RunRow, Store, XComRow } from "../store/contract.ts";
import { decodePut } from "../xcom/accessor.ts";
import type { XComBackend } from "../xcom/backend.ts";
import type { XComAddress } from "../xcom/parts.ts";
import { readStream, streamEnvelopeOf } from "../xcom/streams.ts";

/** Which XCom of a store, and what reads it. */
export interface StoredXComQuery {
  readonly store: Store;
  readonly backend: XComBackend;
  readonly run: RunRow;
  readonly row: XComRow;
}

/**
 * Reads the value of an XCom row without an engine: the store may have been opened as a reader.
 * A streamed XCom gives its bytes, piece by piece.
 *
 * @throws `XCOM_CORRUPT`, `XCOM_READER_MISSING`, and what the parts throw
 */
export async function readStoredXCom(
  query: StoredXComQuery,
): Promise<{ readonly value: unknown } | { readonly stream: AsyncIterable<Uint8Array> }> {
  const { store, backend, run, row } = query;
  const address: XComAddress = {
    dagId: run.dagId,
    runId: run.runId,
    taskId: row.taskId,
    mapIndex: row.mapIndex,
    key: row.key,
  };
  if (streamEnvelopeOf(row)) return { stream: readStream(store, row, address) };
  return { value: await decodePut({ backend }, row, address) };
}
