import { shown } from "@millrace/core/plugin";
import { s3Error } from "./errors.ts";
import { isObjectPath } from "./object-key.ts";
import type { S3ObjectName, S3UploadName } from "./port.ts";

/** A bucket and the prefix below which values lie; without slashes at its ends, empty for none. */
export interface S3Location {
  readonly bucket: string;
  readonly prefix: string;
}

/** The whole key of a path below a location's prefix. */
export function keyAt({ prefix }: S3Location, path: string): string {
  return prefix === "" ? path : `${prefix}/${path}`;
}

/** The path of a key, if the key is below the location's prefix. */
export function pathOf(location: S3Location, key: string): string | undefined {
  const folder = keyAt(location, "");
  return key.startsWith(folder) ? key.slice(folder.length) : undefined;
}

/** The name by which the collector knows an object or an upload. */
export function refOfName({ bucket, key }: S3ObjectName, uploadId?: string): string {
  const object = `s3://${bucket}/${key}`;
  return uploadId === undefined ? object : `${object}?upload=${encodeURIComponent(uploadId)}`;
}

/**
 * What a reference leads to, if it lies within one of the locations.
 *
 * @throws `XCOM_S3_REF_INVALID`
 */
export function nameOfRef(ref: string, locations: readonly S3Location[]): S3ObjectName | S3UploadName {
  const parts =
    typeof ref === "string" && ref.length <= 8_192 ? /^s3:\/\/([^/]+)\/([^?]+)(?:\?upload=([^?&]+))?$/.exec(ref) : null;
  if (!parts) throw s3Error("XCOM_S3_REF_INVALID", { why: `${shown(ref)} is not s3://bucket/key` });
  const [, bucket, key, upload] = parts as unknown as [string, string, string, string | undefined];
  const inside = locations.some((location) => {
    const path = location.bucket === bucket ? pathOf(location, key) : undefined;
    return path !== undefined && isObjectPath(path);
  });
  if (!inside) throw s3Error("XCOM_S3_REF_INVALID", { why: `${shown(ref)} is outside of its buckets and prefixes` });
  if (upload === undefined) return { bucket, key };
  try {
    return { bucket, key, uploadId: decodeURIComponent(upload) };
  } catch {
    throw s3Error("XCOM_S3_REF_INVALID", { why: `${shown(ref)} has no readable upload id` });
  }
}
