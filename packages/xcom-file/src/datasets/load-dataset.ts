import { isMillraceError, shown } from "@millrace/core/plugin";
import { datasetErrors, fileError } from "../errors.ts";
import { splitLines } from "../files/line-splitting.ts";
import { bytesOf, type OpenFile, openExpected, piecesOf } from "../files/verified-reading.ts";
import { openDatasetFolder } from "./dataset-folder.ts";
import { type DatasetRecord, type FileReference, parseDatasetRecord } from "./dataset-reference.ts";
import { decodeLine } from "./record-encoding.ts";
import { defaultMaxRecordBytes } from "./store-large-dataset.ts";

export interface LoadDatasetOptions {
  /** The folder that the data set was stored in. */
  readonly dir: string;
  /** Largest file to load at once, in bytes. Default 256 MiB. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface StreamDatasetOptions {
  /** The folder that the data set was stored in. */
  readonly dir: string;
  /** Records in a chunk; the last one may be smaller. Default 1,000. */
  readonly chunkSize?: number;
  /** Longest line to accept, in bytes. Default 16 MiB. */
  readonly maxRecordBytes?: number;
  /** Reads the file once more beforehand, so that no record is given out before the checksum was right. Default false. */
  readonly verifyFirst?: boolean;
  readonly signal?: AbortSignal;
}

const defaultMaxBytes = 256 * 1024 * 1024;

/**
 * The data of a record: read from its file, or out of the record itself.
 *
 * @throws `DATASET_REFERENCE_INVALID`, `DATASET_MISSING`, `DATASET_TRUNCATED`, `DATASET_ALTERED`, `DATASET_OUTSIDE`,
 *   `DATASET_TOO_LARGE`, `DATASET_DIR_INVALID`, `DATASET_IO_FAILED`; nothing is returned before all of it was checked
 */
export async function loadDataset<T>(record: DatasetRecord<T>, options: LoadDatasetOptions): Promise<T>;
export async function loadDataset(record: unknown, options: LoadDatasetOptions): Promise<unknown>;
export async function loadDataset(record: unknown, options: LoadDatasetOptions): Promise<unknown> {
  const reference = parseDatasetRecord(record);
  if (reference.data_type === "direct") return reference.data;
  const { maxBytes = defaultMaxBytes, signal } = options;
  if (reference.file_size_bytes > maxBytes) {
    const { file_path: path, file_size_bytes: sizeBytes } = reference;
    throw fileError("DATASET_TOO_LARGE", { path, sizeBytes, limit: maxBytes });
  }
  const text = (await bytesOf(await openOf(reference, options.dir), signal)).toString("utf8");
  const isLines = reference.format === "ndjson";
  try {
    const data: unknown = isLines ? parseLines(text) : JSON.parse(text);
    const found = Array.isArray(data) && (isLines || text.startsWith("[\n")) ? data.length : 1;
    checkCount(reference, found);
    return data;
  } catch (error) {
    if (error instanceof SyntaxError) throw notJson(reference.file_path, "it");
    throw error;
  }
}

/**
 * The records of a data set in chunks, with memory for one chunk only, whatever the size of the file.
 *
 * The checksum is known when the last byte was read: an altered file ends the iteration with an error after
 * records were given out, unless `verifyFirst` is set. A loop that is left early closes the file.
 *
 * @throws as {@link loadDataset} does, and `DATASET_NOT_A_LIST`, `DATASET_OPTION_INVALID`
 * @example
 * ```ts
 * import { storeLargeDataset, streamDataset } from "@millrace/xcom-file";
 * const dir = ".millrace/datasets";
 * async function* ticks() { for (let id = 0; id < 2_500; id++) yield { id }; }
 * const record = await storeLargeDataset(ticks(), { dir, thresholdMb: 0 });
 * for await (const chunk of streamDataset(record, { dir, chunkSize: 1_000 })) console.log(chunk.length); // 1000, 1000, 500
 * ```
 */
export function streamDataset<T>(
  record: DatasetRecord<readonly T[]>,
  options: StreamDatasetOptions,
): AsyncGenerator<T[], void, undefined>;
export function streamDataset(
  record: unknown,
  options: StreamDatasetOptions,
): AsyncGenerator<unknown[], void, undefined>;
export async function* streamDataset(
  record: unknown,
  options: StreamDatasetOptions,
): AsyncGenerator<unknown[], void, undefined> {
  const { chunkSize = 1_000, maxRecordBytes = defaultMaxRecordBytes, signal } = options;
  if (!(Number.isSafeInteger(chunkSize) && chunkSize > 0)) {
    const expected = "it must be a whole number from 1";
    throw fileError("DATASET_OPTION_INVALID", { option: "chunkSize", value: shown(chunkSize), expected });
  }
  const reference = parseDatasetRecord(record);
  if (reference.data_type === "direct") {
    if (!Array.isArray(reference.data)) throw fileError("DATASET_NOT_A_LIST", { path: "(in the record)" });
    const { data } = reference;
    for (let at = 0; at < data.length; at += chunkSize) yield data.slice(at, at + chunkSize);
    return;
  }
  if (options.verifyFirst) for await (const _ of piecesOf(await openOf(reference, options.dir), signal));
  yield* chunksOf(await openOf(reference, options.dir), reference, chunkSize, maxRecordBytes, signal);
}

async function* chunksOf(
  file: OpenFile,
  reference: FileReference,
  chunkSize: number,
  maxRecordBytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown[], void, undefined> {
  const { file_path: path, format } = reference;
  // A record's line may end in a comma, which belongs to the list.
  const lines = splitLines(piecesOf(file, signal), maxRecordBytes + 1, (index, sizeBytes) =>
    index === 0 && format === "json"
      ? fileError("DATASET_NOT_A_LIST", { path })
      : fileError("DATASET_RECORD_TOO_LARGE", { index, sizeBytes, limit: maxRecordBytes }),
  );
  let chunk: unknown[] = [];
  let total = 0;
  let isFirstLine = true;
  for await (const some of lines) {
    for (const line of some) {
      if (isFirstLine && format === "json" && line !== "[") throw fileError("DATASET_NOT_A_LIST", { path });
      isFirstLine = false;
      const decoded = decode(line, reference);
      if (!decoded) continue;
      total++;
      if (chunk.push(decoded.record) < chunkSize) continue;
      yield chunk;
      chunk = [];
    }
  }
  checkCount(reference, total);
  if (chunk.length > 0) yield chunk;
}

function decode(line: string, reference: FileReference): { readonly record: unknown } | undefined {
  try {
    return decodeLine(line, reference.format);
  } catch {
    throw notJson(reference.file_path, "a line");
  }
}

/** Opens the file of a data set. A folder that is gone took its data sets with it. */
async function openOf(reference: FileReference, dir: string): Promise<OpenFile> {
  const tree = await openDatasetFolder(dir, { create: false }).catch((error: unknown) => {
    throw isMillraceError(error, "DATASET_MISSING") ? datasetErrors.missing(reference.file_path, error) : error;
  });
  const { path, file_size_bytes: sizeBytes, checksum, checksum_algorithm: algorithm } = reference;
  return openExpected(tree, { segments: [path], sizeBytes, checksum, algorithm });
}

/** What the parser says may quote the data: it is not passed on. */
function notJson(path: string, what: string) {
  return fileError("DATASET_ALTERED", { path, why: `${what} is not valid JSON` });
}

function parseLines(text: string): unknown[] {
  const records: unknown[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    records.push(JSON.parse(text.slice(start, end === -1 ? text.length : end)));
    start = end === -1 ? text.length : end + 1;
  }
  return records;
}

function checkCount(reference: FileReference, found: number): void {
  if (found === reference.record_count) return;
  throw datasetErrors.altered(reference.file_path, `it has ${found} records instead of ${reference.record_count}`);
}
