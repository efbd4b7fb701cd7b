import { type DatasetRecord, isFileReference, streamDataset } from "@millrace/xcom-file";
import { type CompressedRecord, decompressXComData, isCompressedRecord } from "./compression.ts";

/** What stands under `data_source_…`: a data-set record (in a file or direct) or a packed one. */
export type SourcePayload = DatasetRecord | CompressedRecord;

/**
 * The records of a source however it travels, in chunks. A file is read piece by piece and checked to its last byte.
 *
 * @throws `DATASET_MISSING`, `DATASET_ALTERED` … or an error of unpacking, when the data is not what was stored
 */
export async function* recordsOf(
  payload: SourcePayload,
  dataDir: string,
  signal: AbortSignal,
): AsyncGenerator<unknown[]> {
  if (!isCompressedRecord(payload)) {
    yield* streamDataset(payload as unknown, { dir: dataDir, chunkSize: 5_000, signal });
    return;
  }
  const records = await decompressXComData(payload);
  if (!Array.isArray(records)) throw new Error("the packed value is no list of records");
  yield records;
}

export function storageOf(payload: SourcePayload): "file_reference" | "compressed" | "direct" {
  if (isCompressedRecord(payload)) return "compressed";
  return isFileReference(payload) ? "file_reference" : "direct";
}

/** The count that a payload claims to have, where it does. */
export function claimedCount(payload: SourcePayload): number | undefined {
  return isCompressedRecord(payload) ? undefined : payload.record_count;
}
