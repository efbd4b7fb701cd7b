import type { RunRow, Store, XComRow } from "../store/contract.ts";
import { decodePut } from "../xcom/accessor.ts";
import type { XComBackend } from "../xcom/backend.ts";
import { chunkPlace } from "../xcom/chunk-place.ts";
import type { XComAddress, XComPlace } from "../xcom/parts.ts";
import { storedOf } from "../xcom/stored-of.ts";
import { isStreamEnvelope } from "../xcom/stream-part.ts";

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
  const stored = storedOf(row, address);
  if (typeof stored !== "string" && isStreamEnvelope(stored)) {
    const { sizeBytes } = row;
    return { stream: backend.deserializeStream(stored, address, { sizeBytes, chunks: chunksOfReader(store) }) };
  }
  return { value: await decodePut({ backend, store }, row, address) };
}

/** Streams that stay in the store, for one who only reads. */
function chunksOfReader(store: Store): XComPlace {
  const refused = (): never => {
    throw new Error("a reader writes no streams");
  };
  return chunkPlace({ store, write: refused, now: refused }, refused);
}
