import type { XComStage } from "@millrace/core/plugin";
import { compress, compressStream } from "./compressing.ts";
import { decompress, decompressStream } from "./decompressing.ts";
import { bytesField, envelopeOf, marker, parseEnvelope } from "./envelope.ts";
import { type GzipOptions, parseOptions } from "./options.ts";

/**
 * A stage that compresses values which take less room compressed, with gzip, Zstandard or Brotli.
 *
 * It declines what has `thresholdBytes` or fewer, what has more than `maxOutputBytes`, and what would take as much room in the
 * store as before, counted with its envelope and in base64. Of a stream, that is judged by its first 64 KiB. Whatever the
 * options, it reads what any algorithm and level has written.
 *
 * Reading stops with an error at the first byte beyond what the envelope says or `maxOutputBytes` allows, and gives nothing
 * but exactly what was written.
 *
 * @throws `XCOM_GZIP_OPTION_INVALID` at once. Reading rejects with `XCOM_GZIP_ENVELOPE_INVALID`, `XCOM_GZIP_ALGORITHM_UNKNOWN`,
 * `XCOM_GZIP_FORMAT_INVALID`, `XCOM_GZIP_TRUNCATED`, `XCOM_GZIP_ALTERED`, `XCOM_GZIP_SIZE_DIFFERS` or `XCOM_GZIP_TOO_LARGE`;
 * the last one also ends a stream that is written.
 *
 * @example
 * ```ts
 * import { xcomBackend } from "@millrace/core/plugin";
 * import { gzip } from "@millrace/xcom-gzip";
 *
 * const backend = xcomBackend([gzip({ algorithm: "zstd" })]);
 * const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" };
 * const rows = Array.from({ length: 1_000 }, (_, id) => ({ id, region: "eu" }));
 *
 * const stored = await backend.serialize(rows, address);
 * console.log(typeof stored === "object" && stored.original_size, JSON.stringify(stored).length < 5_000); // 25891 true
 * const read = (await backend.deserialize(stored, address)) as typeof rows;
 * console.log(read.length); // 1000
 * ```
 */
export function gzip(options: GzipOptions = {}): XComStage {
  const settings = parseOptions(options);
  const { thresholdBytes, maxOutputBytes } = settings;
  const isOfInterest = (size: number): boolean => size > thresholdBytes && size <= maxOutputBytes;

  return {
    kind: "stage",
    name: "gzip",
    marker,
    bytesField,
    effect: "compress",
    async write(bytes, _address, _inner, call) {
      call?.signal?.throwIfAborted();
      if (!isOfInterest(bytes.length)) return undefined;
      const compressed = await compress(bytes, settings, call?.signal);
      return compressed && { envelope: envelopeOf(compressed.claim), bytes: compressed.bytes };
    },
    async read(bytes, envelope, _address, call) {
      call?.signal?.throwIfAborted();
      return decompress(bytes, parseEnvelope(envelope, maxOutputBytes), call?.signal);
    },
    async writeStream(source, _address, _inner, call) {
      call?.signal?.throwIfAborted();
      const { head, isWhole, sizeBytes = isWhole ? head.length : undefined } = source;
      if (sizeBytes === undefined ? head.length === 0 : !isOfInterest(sizeBytes)) return undefined;
      if (!(await compress(head, settings, call?.signal))) return undefined;
      return compressStream(source, settings, call?.signal);
    },
    async *readStream(pieces, envelope, _address, call) {
      call?.signal?.throwIfAborted();
      yield* decompressStream(pieces, parseEnvelope(envelope, maxOutputBytes), call?.signal);
    },
  };
}
