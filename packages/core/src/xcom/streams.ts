import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { coreError } from "../errors.ts";
import type { Change, XComPut } from "../store/contract.ts";
import type { PatientReads } from "../store/patient-reads.ts";
import type { XComAddress } from "./parts.ts";

const chunkBytes = 262_144;

/** What is stored under the key of a streamed XCom; the bytes are chunks of the store. */
export interface StreamEnvelope {
  readonly _xcom_stream: true;
  readonly v: 1;
  readonly stream_id: string;
  readonly size_bytes: number;
  readonly chunk_count: number;
  readonly checksum: string;
  readonly checksum_algorithm: "sha256";
}

/**
 * Writes a stream in chunks of 256 KiB, one transaction each, so that memory stays flat. Chunks of an attempt whose
 * outcome is never recorded belong to nobody.
 */
export async function writeStream(
  services: { write(change: Change): Promise<unknown>; now(): number },
  streamId: string,
  source: Readable | AsyncIterable<Uint8Array | string>,
): Promise<StreamEnvelope> {
  const hash = createHash("sha256");
  let chunk = Buffer.allocUnsafe(chunkBytes);
  let filled = 0;
  let size = 0;
  let count = 0;
  const write = async (bytes: Buffer): Promise<void> => {
    await services.write({ kind: "putChunk", streamId, seq: count++, bytes, at: services.now() });
  };
  try {
    for await (const piece of source as AsyncIterable<Uint8Array | string>) {
      const bytes =
        typeof piece === "string" ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      hash.update(bytes);
      size += bytes.length;
      // Copied at once: a source may use its buffer again.
      for (let at = 0; at < bytes.length; ) {
        const copied = bytes.copy(chunk, filled, at);
        at += copied;
        filled += copied;
        if (filled < chunkBytes) continue;
        await write(chunk);
        chunk = Buffer.allocUnsafe(chunkBytes);
        filled = 0;
      }
    }
    if (filled > 0) await write(Buffer.from(chunk.subarray(0, filled)));
  } catch (error) {
    await services.write({ kind: "deleteChunks", streamId }).catch(() => undefined);
    throw error;
  }
  return {
    _xcom_stream: true,
    v: 1,
    stream_id: streamId,
    size_bytes: size,
    chunk_count: count,
    checksum: hash.digest("hex"),
    checksum_algorithm: "sha256",
  };
}

/**
 * Reads a stream back. A missing or altered chunk ends it with `XCOM_CORRUPT`, at the latest after the last byte:
 * act on what was read only once the loop has ended.
 */
export async function* readStream(
  store: Pick<PatientReads, "chunks">,
  put: XComPut,
  address: XComAddress,
): AsyncGenerator<Uint8Array> {
  const corrupt = (why: string): Error =>
    coreError("XCOM_CORRUPT", { key: address.key, taskId: address.taskId, sizeBytes: put.sizeBytes, why });
  const envelope = streamEnvelopeOf(put);
  if (!envelope) {
    const { key, taskId } = address;
    throw coreError("XCOM_WRONG_KIND", { key, taskId, what: "no stream", how: "xcom.pull" });
  }
  const hash = createHash("sha256");
  for (let seq = 0; seq < envelope.chunk_count; seq++) {
    const bytes = await store.chunks.get(envelope.stream_id, seq);
    if (!bytes) throw corrupt(`piece ${seq + 1} of ${envelope.chunk_count} is missing`);
    hash.update(bytes);
    yield bytes;
  }
  if (hash.digest("hex") !== envelope.checksum) throw corrupt("its checksum does not match");
}

/** The envelope of a streamed XCom; `undefined` for any other. */
export function streamEnvelopeOf(put: XComPut): StreamEnvelope | undefined {
  if (put.format !== "envelope") return undefined;
  let envelope: Partial<StreamEnvelope> | null;
  try {
    envelope = JSON.parse(put.stored) as Partial<StreamEnvelope> | null;
  } catch {
    return undefined;
  }
  return envelope?._xcom_stream === true &&
    typeof envelope.stream_id === "string" &&
    Number.isSafeInteger(envelope.chunk_count)
    ? (envelope as StreamEnvelope)
    : undefined;
}
