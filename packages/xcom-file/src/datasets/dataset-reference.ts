import { z } from "zod";
import { fileError } from "../errors.ts";
import { isPlainName } from "./dataset-folder.ts";

const common = {
  /** Records of a list, 1 for any other value. */
  record_count: z.int().min(0),
  /** Bytes of the data as JSON. */
  file_size_bytes: z.int().min(0),
  /** The same in MB (1,048,576 bytes), rounded to two places. */
  size_mb: z.number().min(0),
  /** ISO 8601, UTC. */
  created_at: z.iso.datetime(),
};

const fileReference = z.object({
  data_type: z.literal("file_reference"),
  /** Where the file was written: absolute, for people. What is followed is `path`. */
  file_path: z.string().min(1).max(4_096),
  /** Name of the file inside the folder of data sets. */
  path: z.string().refine(isPlainName, "is not one plain file name"),
  ...common,
  cleanup_required: z.literal(true),
  /** Of the file's bytes, in lower-case hexadecimal. */
  checksum: z.string().regex(/^[0-9a-f]{64}$/),
  checksum_algorithm: z.literal("sha256"),
  format: z.enum(["json", "ndjson"]),
});

const directRecord = z.object({
  data_type: z.literal("direct"),
  data: z.unknown(),
  ...common,
  cleanup_required: z.literal(false),
});

const datasetRecord = z.discriminatedUnion("data_type", [fileReference, directRecord]);

/** Stands for data that was written to a file. Plain JSON: pass it between tasks. */
export type FileReference = Readonly<z.infer<typeof fileReference>>;

/** Data small enough to travel inside its record. */
export interface DirectRecord<T = unknown> extends Readonly<Omit<z.infer<typeof directRecord>, "data">> {
  readonly data: T;
}

/** What `storeLargeDataset` returns. */
export type DatasetRecord<T = unknown> = FileReference | DirectRecord<T>;

/**
 * Reads a record that came from elsewhere, for example from another task.
 *
 * @throws `DATASET_REFERENCE_INVALID`
 */
export function parseDatasetRecord(value: unknown): DatasetRecord {
  const parsed = datasetRecord.safeParse(value);
  if (parsed.success) return parsed.data as DatasetRecord;
  const issue = parsed.error.issues[0];
  const why = `${issue.path.length > 0 ? `'${issue.path.join(".")}' ` : ""}${issue.message}`;
  throw fileError("DATASET_REFERENCE_INVALID", { why: why.slice(0, 200) });
}

/** True for the record of a file, of whatever origin; its fields are checked when it is used. */
export function isFileReference(value: unknown): value is FileReference {
  return (
    typeof value === "object" && value !== null && (value as { data_type?: unknown }).data_type === "file_reference"
  );
}
