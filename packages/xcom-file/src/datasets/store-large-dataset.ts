import { type Clock, type Randomness, shown, systemClock, systemRandomness } from "@millrace/core/plugin";
import { fileError } from "../errors.ts";
import { AtomicFile } from "../files/atomic-file.ts";
import { isPlainName, openDatasetFolder } from "./dataset-folder.ts";
import type { DatasetRecord, DirectRecord, FileReference } from "./dataset-reference.ts";
import { rememberFolder } from "./known-folders.ts";
import { type DatasetFormat, type EncodedBatch, encodeDocument, encodeRecords } from "./record-encoding.ts";

export interface StoreDatasetOptions {
  /** Folder for data sets; made with mode 0700 if it is not there. */
  readonly dir: string;
  /** Data whose JSON takes more MB than this (1 MB = 1,048,576 bytes) goes to a file. Default 1; 0 writes everything. */
  readonly thresholdMb?: number;
  /** Beginning of the file's name: letters, digits, `_`, `-` and `.`, at most 100. Default `dataset`. */
  readonly name?: string;
  /** Default `ndjson` for lists and iterables, `json` for other values. */
  readonly format?: DatasetFormat;
  /** Longest JSON of one record, in bytes. Default 16 MiB. */
  readonly maxRecordBytes?: number;
  readonly signal?: AbortSignal;
  /** For `created_at` and the file's name. Default: the machine's clock. */
  readonly clock?: Clock;
  /** For the file's name. Default: the operating system's. */
  readonly randomness?: Randomness;
}

const bytesPerMb = 1024 * 1024;
export const defaultMaxRecordBytes = 16 * bytesPerMb;

/**
 * Keeps data in its record while it is small, and writes it to a file when it is large.
 *
 * `data` is a JSON value, or an (async) iterable of records, which is written as it comes and never held as a whole.
 * A file appears whole or not at all, readable by this user only (0600), with size and checksum in its record.
 *
 * @returns `{ data_type: "file_reference", file_path, path, record_count, file_size_bytes, size_mb, created_at,
 *   cleanup_required: true, checksum, checksum_algorithm, format }` or `{ data_type: "direct", data, … }`
 * @throws `DATASET_VALUE_UNSUPPORTED` for what JSON would alter, `DATASET_RECORD_TOO_LARGE`, `DATASET_DIR_INVALID`,
 *   `DATASET_DISK_FULL`, `DATASET_NOT_WRITABLE`, `DATASET_IO_FAILED`, `DATASET_OPTION_INVALID`. No file is left then.
 * @example
 * ```ts
 * import { loadDataset, removeDatasets, storeLargeDataset } from "@millrace/xcom-file";
 * const dir = ".millrace/datasets";
 * const prices = Array.from({ length: 50_000 }, (_, day) => ({ day, price: 100 + day / 10 }));
 * const record = await storeLargeDataset(prices, { dir, name: "prices" });
 * console.log(record.data_type, record.record_count); // file_reference 50000
 * console.log((await loadDataset(record, { dir })).length); // 50000
 * await removeDatasets([record], { dir });
 * ```
 */
export async function storeLargeDataset<T>(
  data: AsyncIterable<T> | (Iterable<T> & object),
  options: StoreDatasetOptions,
): Promise<DatasetRecord<T[]>>;
export async function storeLargeDataset<T>(data: T, options: StoreDatasetOptions): Promise<DatasetRecord<T>>;
export async function storeLargeDataset(data: unknown, options: StoreDatasetOptions): Promise<DatasetRecord> {
  const settings = parseOptions(options);
  const isList = isIterableOfRecords(data);
  const format = options.format ?? (isList ? "ndjson" : "json");
  if (!isList && format === "ndjson") refuse("format", format, "only a list or an iterable of records can be NDJSON");

  const batches = isList
    ? encodeRecords(data, format, settings.maxRecordBytes, options.signal)
    : oneBatch(encodeDocument(data));
  try {
    const held: EncodedBatch[] = [];
    let heldBytes = 0;
    while (heldBytes <= settings.thresholdBytes) {
      const step = await batches.next();
      if (step.done) {
        const collected = Array.isArray(data) || !isList ? data : held.flatMap((batch) => batch.records);
        return directRecord(collected, isList ? count(held) : 1, heldBytes, settings.createdAt);
      }
      held.push(step.value);
      heldBytes += step.value.bytes.length;
    }
    return await writeFile(held, batches, { ...settings, format, isList });
  } finally {
    // Lets the source close what it holds open, however this ended.
    await batches.return();
  }
}

interface Settings {
  readonly dir: string;
  readonly name: string;
  readonly thresholdBytes: number;
  readonly maxRecordBytes: number;
  readonly createdAt: string;
  readonly randomness: Randomness;
}

async function writeFile(
  held: readonly EncodedBatch[],
  rest: AsyncIterable<EncodedBatch>,
  settings: Settings & { readonly format: DatasetFormat; readonly isList: boolean },
): Promise<FileReference> {
  const tree = await openDatasetFolder(settings.dir, { create: true });
  const name = fileName(settings);
  const file = await AtomicFile.create({ tree, folders: [], name, algorithm: "sha256" });
  let recordCount = settings.isList ? count(held) : 1;
  try {
    for (const batch of held) await file.write(batch.bytes);
    for await (const batch of rest) {
      await file.write(batch.bytes);
      recordCount += batch.records.length;
    }
    const stored = await file.commit();
    rememberFolder(tree.real);
    return fileReference(name, stored, recordCount, settings);
  } catch (error) {
    await file.discard();
    throw error;
  }
}

function fileReference(
  name: string,
  stored: { readonly path: string; readonly sizeBytes: number; readonly checksum: string },
  recordCount: number,
  settings: { readonly createdAt: string; readonly format: DatasetFormat },
): FileReference {
  return {
    data_type: "file_reference",
    file_path: stored.path,
    path: name,
    record_count: recordCount,
    file_size_bytes: stored.sizeBytes,
    size_mb: roundedMb(stored.sizeBytes),
    created_at: settings.createdAt,
    cleanup_required: true,
    checksum: stored.checksum,
    checksum_algorithm: "sha256",
    format: settings.format,
  };
}

function directRecord(data: unknown, recordCount: number, sizeBytes: number, createdAt: string): DirectRecord {
  return {
    data_type: "direct",
    data,
    record_count: recordCount,
    file_size_bytes: sizeBytes,
    size_mb: roundedMb(sizeBytes),
    created_at: createdAt,
    cleanup_required: false,
  };
}

function parseOptions(options: StoreDatasetOptions): Settings {
  const { thresholdMb = 1, name = "dataset", maxRecordBytes = defaultMaxRecordBytes, clock = systemClock } = options;
  if (!(Number.isFinite(thresholdMb) && thresholdMb >= 0)) {
    refuse("thresholdMb", thresholdMb, "it must be a number of MB from 0");
  }
  if (!isPlainName(name) || name.length > 100) {
    refuse(
      "name",
      name,
      "it must be 1 to 100 letters, digits, '_', '-' or '.', not at the start or end and not in a row",
    );
  }
  if (!(Number.isSafeInteger(maxRecordBytes) && maxRecordBytes > 0)) {
    refuse("maxRecordBytes", maxRecordBytes, "it must be a whole number of bytes above 0");
  }
  if (options.format !== undefined && options.format !== "json" && options.format !== "ndjson") {
    refuse("format", options.format, "it must be 'json' or 'ndjson'");
  }
  return {
    dir: options.dir,
    name,
    thresholdBytes: thresholdMb * bytesPerMb,
    maxRecordBytes,
    createdAt: new Date(clock.now()).toISOString(),
    randomness: options.randomness ?? systemRandomness,
  };
}

/** `prices_20240115T100000Z_1a2b3c4d.ndjson`: what, when, and enough chance to be alone. */
function fileName(settings: Settings & { readonly format: DatasetFormat }): string {
  const when = settings.createdAt.replace(/\.\d+/, "").replace(/[-:]/g, "");
  return `${settings.name}_${when}_${settings.randomness.hex(4)}.${settings.format}`;
}

function isIterableOfRecords(data: unknown): data is Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof data !== "object" || data === null) return false;
  if (Array.isArray(data) || Symbol.asyncIterator in data) return true;
  // A Map, a Set or bytes can be iterated, but are values of their own kind: they are refused with their type.
  return Symbol.iterator in data && !(data instanceof Map || data instanceof Set || ArrayBuffer.isView(data));
}

async function* oneBatch(bytes: Buffer): AsyncGenerator<EncodedBatch, void, undefined> {
  yield { bytes, records: [] };
}

function count(batches: readonly EncodedBatch[]): number {
  return batches.reduce((total, batch) => total + batch.records.length, 0);
}

function roundedMb(bytes: number): number {
  return Math.round((bytes / bytesPerMb) * 100) / 100;
}

function refuse(option: string, value: unknown, expected: string): never {
  throw fileError("DATASET_OPTION_INVALID", { option, value: shown(value), expected });
}
