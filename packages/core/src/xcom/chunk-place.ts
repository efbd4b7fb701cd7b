import { createHash } from "node:crypto";
import { coreError } from "../errors.ts";
import type { Change, ChunkFacet } from "../store/contract.ts";
import type { XComAddress, XComEnvelope, XComPlace } from "./parts.ts";
import { evenPieces } from "./pieces.ts";

/** What the place of streams in the store needs. */
export interface ChunkServices {
  readonly store: { readonly chunks: Pick<ChunkFacet, "get"> };
  write(change: Change): Promise<unknown>;
  now(): number;
}

/** The marker of streams that stay in the store. */
export const chunkMarker = "_xcom_chunks";

/**
 * Keeps streams in the store, in chunks of 256 KiB with one transaction each, so that memory stays flat. Chunks of an
 * attempt whose outcome is never recorded belong to nobody: the collector removes them.
 *
 * @param nextId - names a stream: the task instance and the attempt, then something random
 */
export function chunkPlace(services: ChunkServices, nextId: () => string): XComPlace {
  const { chunks } = services.store;
  const putStream: XComPlace["putStream"] = async (source, _address, call) => {
    const streamId = nextId();
    const hash = createHash("sha256");
    let size = 0;
    let count = 0;
    try {
      for await (const bytes of evenPieces(source)) {
        call?.signal?.throwIfAborted();
        hash.update(bytes);
        size += bytes.length;
        await services.write({ kind: "putChunk", streamId, seq: count++, bytes, at: services.now() });
      }
    } catch (error) {
      await services.write({ kind: "deleteChunks", streamId }).catch(() => undefined);
      throw error;
    }
    return {
      [chunkMarker]: true,
      v: 1,
      stream_id: streamId,
      stored_bytes: size,
      chunk_count: count,
      checksum: hash.digest("hex"),
      checksum_algorithm: "sha256",
    };
  };

  async function* getStream(envelope: XComEnvelope, address: XComAddress): AsyncGenerator<Uint8Array, void, undefined> {
    const { stream_id: streamId, chunk_count: chunkCount, checksum, stored_bytes: storedBytes } = envelope;
    const corrupt = (why: string): Error =>
      coreError("XCOM_CORRUPT", {
        ...{ key: address.key, taskId: address.taskId, why },
        sizeBytes: Number.isSafeInteger(storedBytes) ? (storedBytes as number) : 0,
      });
    if (typeof streamId !== "string" || !Number.isSafeInteger(chunkCount) || typeof checksum !== "string")
      throw corrupt("its envelope does not say which chunks it has");
    const hash = createHash("sha256");
    for (let seq = 0; seq < (chunkCount as number); seq++) {
      const bytes = await chunks.get(streamId, seq);
      if (!bytes) throw corrupt(`piece ${seq + 1} of ${chunkCount as number} is missing`);
      hash.update(bytes);
      yield bytes;
    }
    if (hash.digest("hex") !== checksum) throw corrupt("its checksum does not match");
  }

  return {
    kind: "place",
    name: "store",
    marker: chunkMarker,
    // Values stay in their row.
    put: async () => undefined,
    async get() {
      throw new Error("streams are read in pieces");
    },
    putStream,
    getStream,
    refOf: ({ stream_id: streamId }) => String(streamId),
    async remove(refs) {
      for (const streamId of refs) await services.write({ kind: "deleteChunks", streamId });
    },
  };
}
