import { shown, type XComAddress, type XComEnvelope } from "@millrace/core/plugin";
import { fileError } from "../errors.ts";
import { type ChecksumAlgorithm, isChecksum, isChecksumAlgorithm } from "../files/checksums.ts";
import { belongsTo, parsePath, type ValuePath } from "./value-path.ts";

/** The field by which envelopes of this package are known. */
export const marker = "_xcom_file_backend";

/** What an envelope says that is followed. */
export interface FileClaim {
  /** Within the tree, with slashes: it names the file. */
  readonly path: string;
  readonly place: ValuePath;
  readonly sizeBytes: number;
  readonly checksum: string;
  readonly algorithm: ChecksumAlgorithm;
}

/** What stands in the store for a value in a file. */
export function envelopeOf(stored: {
  readonly filepath: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly recordCount: number | undefined;
  readonly createdAt: number;
  readonly checksum: string;
  readonly algorithm: ChecksumAlgorithm;
}): XComEnvelope {
  return {
    [marker]: true,
    v: 1,
    filepath: stored.filepath,
    path: stored.path,
    size_bytes: stored.sizeBytes,
    ...(stored.recordCount === undefined ? {} : { record_count: stored.recordCount }),
    created_at: new Date(stored.createdAt).toISOString(),
    checksum: stored.checksum,
    checksum_algorithm: stored.algorithm,
  };
}

/** Where an envelope leads. @throws `XCOM_FILE_REFERENCE_INVALID` */
export function pathOf(envelope: XComEnvelope): { readonly path: string; readonly place: ValuePath } {
  if (envelope[marker] !== true) throw invalid(`'${marker}' is not true`);
  if (envelope.v !== 1) throw invalid(`'v' is ${shown(envelope.v)}, and this version reads 1`);
  const { path } = envelope;
  const place = typeof path === "string" ? parsePath(path) : undefined;
  if (!place || place.isPartial) throw invalid("'path' is none that this place makes");
  return { path: path as string, place };
}

/** Reads an envelope, of which every field may be hostile. @throws `XCOM_FILE_REFERENCE_INVALID` */
export function parseEnvelope(envelope: XComEnvelope, address: XComAddress): FileClaim {
  const { path, place } = pathOf(envelope);
  if (!belongsTo(place, address)) throw invalid("'path' leads to the value of another task instance or key");
  const { size_bytes: sizeBytes, checksum, checksum_algorithm: algorithm } = envelope;
  if (typeof sizeBytes !== "number" || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
    throw invalid("'size_bytes' is no number of bytes");
  if (!isChecksumAlgorithm(algorithm))
    throw invalid(`'checksum_algorithm' is ${shown(algorithm, 20)}, which is not known`);
  if (!isChecksum(checksum, algorithm)) throw invalid(`'checksum' is none of ${algorithm}`);
  return { path, place, sizeBytes, checksum, algorithm };
}

function invalid(why: string) {
  return fileError("XCOM_FILE_REFERENCE_INVALID", { why });
}
