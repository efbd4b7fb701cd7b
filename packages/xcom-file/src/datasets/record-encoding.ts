import { fileError } from "../errors.ts";
import { checkFaithful } from "./faithful-json.ts";

/** `ndjson`: one record a line. `json`: a JSON document; a list has one record a line too, so both can be streamed. */
export type DatasetFormat = "json" | "ndjson";

/** Records whose JSON was put together, ready to be written. */
export interface EncodedBatch {
  readonly bytes: Buffer;
  readonly records: readonly unknown[];
}

const batchChars = 64 * 1024;

/**
 * The records of a list or (async) iterable as bytes of a file, in batches of some 64 KiB. Each batch depends only on
 * records read so far, so memory does not grow with the number of records.
 *
 * @throws `DATASET_VALUE_UNSUPPORTED`, `DATASET_RECORD_TOO_LARGE`, and whatever the source throws
 */
export async function* encodeRecords(
  source: Iterable<unknown> | AsyncIterable<unknown>,
  format: DatasetFormat,
  maxRecordBytes: number,
  signal?: AbortSignal,
): AsyncGenerator<EncodedBatch, void, undefined> {
  let text = format === "json" ? "[" : "";
  let records: unknown[] = [];
  let count = 0;
  const add = (record: unknown): void => {
    const json = encodeRecord(record, count, maxRecordBytes);
    if (format === "ndjson") text += `${json}\n`;
    else text += count === 0 ? `\n${json}` : `,\n${json}`;
    records.push(record);
    count++;
  };
  const takeBatch = (): EncodedBatch => {
    signal?.throwIfAborted();
    const batch = { bytes: Buffer.from(text), records };
    text = "";
    records = [];
    return batch;
  };
  if (Symbol.asyncIterator in source) {
    for await (const record of source) {
      add(record);
      if (text.length >= batchChars) yield takeBatch();
    }
  } else {
    for (const record of source) {
      add(record);
      if (text.length >= batchChars) yield takeBatch();
    }
  }
  if (format === "json") text += "\n]\n";
  if (text !== "") yield takeBatch();
}

/** One value that is no list of records. */
export function encodeDocument(value: unknown): Buffer {
  checkFaithful(value, "$");
  return Buffer.from(JSON.stringify(value));
}

/** A line of a file as a record; `undefined` for the brackets around a list in a JSON document. */
export function decodeLine(line: string, format: DatasetFormat): { readonly record: unknown } | undefined {
  if (format === "ndjson") return { record: JSON.parse(line) };
  if (line === "[" || line === "]") return undefined;
  return { record: JSON.parse(line.endsWith(",") ? line.slice(0, -1) : line) };
}

function encodeRecord(record: unknown, index: number, maxRecordBytes: number): string {
  checkFaithful(record, `$[${index}]`);
  const json = JSON.stringify(record);
  // Three bytes at most for each UTF-16 unit: counting exactly is needed only near the limit.
  if (json.length * 3 > maxRecordBytes) {
    const sizeBytes = json.length > maxRecordBytes ? json.length : Buffer.byteLength(json);
    if (sizeBytes > maxRecordBytes)
      throw fileError("DATASET_RECORD_TOO_LARGE", { index, sizeBytes, limit: maxRecordBytes });
  }
  return json;
}
