import { createHash } from "node:crypto";
import { testingError } from "../errors.ts";
import type { Bucket, StoredObject } from "./bucket.ts";
import { startChecksum } from "./checksums.ts";

/** An object as a test sees it. */
export interface S3ObjectView {
  readonly bytes: Uint8Array;
  /** With its quotes. */
  readonly etag: string;
  /** Content type, metadata (`x-amz-meta-…`), encryption, storage class: what answers about the object repeat. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** The one the client gave, else the one that the server made. */
  readonly checksum: { readonly algorithm: string; readonly value: string; readonly type: string } | undefined;
  readonly modifiedAt: Date;
}

/** What the bucket holds. Damage is what a bad disk does: entity tag and checksum stay those of what was put. */
export interface S3Objects {
  readonly size: number;
  /** All keys, in the order of lists. */
  keys(): readonly string[];
  has(key: string): boolean;
  /** A copy of an object; undefined if there is none. */
  get(key: string): S3ObjectView | undefined;
  /** Puts an object without a request. */
  put(key: string, bytes: Uint8Array): void;
  /** Flips the lowest bit of one byte. Default: the one in the middle. Fails with `TEST_S3_OBJECT_MISSING`. */
  alter(key: string, at?: number): void;
  /** Keeps so many bytes of the beginning. Default: half of them. Fails with `TEST_S3_OBJECT_MISSING`. */
  truncate(key: string, sizeBytes?: number): void;
  /** Removes an object, and says whether there was one. */
  remove(key: string): boolean;
}

/** A view of a bucket for tests. */
export function viewObjects(bucket: Bucket, now: () => number): S3Objects {
  const damage = (key: string, change: (bytes: Buffer) => Buffer): void => {
    const object = bucket.get(key);
    if (!object) throw testingError("TEST_S3_OBJECT_MISSING", { key, size: bucket.size });
    const bytes = change(Buffer.concat(object.pieces));
    bucket.put(key, { ...object, pieces: [bytes], sizeBytes: bytes.length });
  };
  return {
    get size() {
      return bucket.size;
    },
    keys: () => bucket.sortedKeys(),
    has: (key) => bucket.get(key) !== undefined,
    get: (key) => {
      const object = bucket.get(key);
      return object && viewOf(object);
    },
    put: (key, bytes) => {
      const pieces = [Uint8Array.from(bytes)];
      const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
      const checksum = { algorithm: "crc32", type: "FULL_OBJECT", value: crc32Of(bytes) } as const;
      const headers = { "content-type": "binary/octet-stream" };
      bucket.put(key, { pieces, sizeBytes: bytes.length, etag, modifiedAt: now(), headers, checksum, tags: {} });
    },
    alter: (key, at) =>
      damage(key, (bytes) => {
        const place = at ?? bytes.length >>> 1;
        bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
        return bytes;
      }),
    truncate: (key, sizeBytes) => damage(key, (bytes) => bytes.subarray(0, sizeBytes ?? bytes.length >>> 1)),
    remove: (key) => bucket.remove(key),
  };
}

function viewOf({ pieces, etag, headers, tags, checksum, modifiedAt }: StoredObject): S3ObjectView {
  return { bytes: Buffer.concat(pieces), etag, headers, tags, checksum, modifiedAt: new Date(modifiedAt) };
}

function crc32Of(bytes: Uint8Array): string {
  const checksum = startChecksum("crc32");
  checksum.update(bytes);
  return checksum.digest().toString("base64");
}
