import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** A value packed for an XCom. Sizes are bytes of the JSON text before, and of the compressed bytes after. */
export interface CompressedRecord {
  readonly compressed: true;
  /** gzip, then base64. */
  readonly data: string;
  readonly original_size: number;
  readonly compressed_size: number;
  /** Compressed to original: smaller is better. */
  readonly compression_ratio: number;
}

/** What a record may grow to: a forged one must not fill the memory. */
const longestJson = 64 * 1024 * 1024;

export async function compressXComData(value: unknown): Promise<CompressedRecord> {
  const json = Buffer.from(JSON.stringify(value));
  const packed = await compress(json);
  return {
    compressed: true,
    data: packed.toString("base64"),
    original_size: json.length,
    compressed_size: packed.length,
    compression_ratio: Math.round((packed.length / json.length) * 10_000) / 10_000,
  };
}

/** @throws when the record is damaged, or larger than it says */
export async function decompressXComData(record: CompressedRecord): Promise<unknown> {
  const limit = Math.min(longestJson, Math.max(record.original_size, 1));
  const json = await decompress(Buffer.from(record.data, "base64"), { maxOutputLength: limit });
  if (json.length !== record.original_size) {
    throw new Error(`the record unpacks to ${json.length} bytes instead of ${record.original_size}`);
  }
  return JSON.parse(json.toString("utf8"));
}

export function isCompressedRecord(value: unknown): value is CompressedRecord {
  return typeof value === "object" && value !== null && (value as { compressed?: unknown }).compressed === true;
}
