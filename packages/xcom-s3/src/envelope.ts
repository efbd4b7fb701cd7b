import type { XComAddress, XComEnvelope } from "@millrace/core/plugin";
import { s3Error } from "./errors.ts";
import { keyAt, type S3Location } from "./locations.ts";
import { addressFolder, isObjectPath } from "./object-key.ts";
import { largestObjectBytes } from "./part-plan.ts";

/** The field by which envelopes of this place are known. */
export const marker = "_xcom_s3";

/** What is known of an object once it is written. */
export interface WrittenObject {
  readonly location: S3Location;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly createdAt: number;
  readonly recordCount?: number;
  readonly etag?: string;
}

/** What an envelope is followed by: everything in it has been checked. */
export interface FollowedObject {
  readonly location: S3Location;
  readonly path: string;
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Says where the bytes lie; `bucket`, `prefix` and `path` are followed, `created_at` and `etag` inform people. */
export function envelopeOf(object: WrittenObject): XComEnvelope {
  return {
    [marker]: true,
    v: 1,
    bucket: object.location.bucket,
    prefix: object.location.prefix,
    path: object.path,
    size_bytes: object.sizeBytes,
    ...(object.recordCount === undefined ? {} : { record_count: object.recordCount }),
    created_at: new Date(object.createdAt).toISOString(),
    checksum: object.sha256,
    checksum_algorithm: "sha256",
    ...(object.etag === undefined ? {} : { etag: object.etag }),
  };
}

/**
 * Where an envelope leads: within one of the locations and, when an address is given, to an object that was written for it.
 *
 * @throws `XCOM_S3_ENVELOPE_INVALID`, `XCOM_S3_ELSEWHERE`
 */
export function followed(
  envelope: XComEnvelope,
  locations: readonly S3Location[],
  address?: XComAddress,
): FollowedObject {
  const { v, bucket, prefix, path, size_bytes, checksum, checksum_algorithm } = envelope;
  const refuse = (why: string): Error =>
    s3Error("XCOM_S3_ENVELOPE_INVALID", { key: address?.key ?? "?", taskId: address?.taskId ?? "?", why });
  if (envelope[marker] !== true || v !== 1) throw refuse("it is of no version that is known here");
  if (typeof bucket !== "string" || typeof prefix !== "string") throw refuse("bucket or prefix is no text");
  if (typeof path !== "string" || !isObjectPath(path)) throw refuse("its path is none that this place makes");
  if (!Number.isSafeInteger(size_bytes) || (size_bytes as number) < 0 || (size_bytes as number) > largestObjectBytes)
    throw refuse("its size is no possible number of bytes");
  if (checksum_algorithm !== "sha256" || typeof checksum !== "string" || !/^[0-9a-f]{64}$/.test(checksum))
    throw refuse("its checksum is no SHA-256");
  const location = locations.find((one) => one.bucket === bucket && one.prefix === prefix);
  if (!location) throw s3Error("XCOM_S3_ELSEWHERE", { bucket: clipped(bucket), prefix: clipped(prefix) });
  if (address && !path.startsWith(addressFolder(address))) throw refuse("its path belongs to another XCom");
  return { location, path, key: keyAt(location, path), sizeBytes: size_bytes as number, sha256: checksum };
}

/** Names from an envelope are shown as far as they could be names. */
function clipped(name: string): string {
  return name.slice(0, 160).replace(/[^A-Za-z0-9!_.*'()=@+/-]/g, "?");
}
