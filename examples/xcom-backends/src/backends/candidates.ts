import { randomBytes } from "node:crypto";
import type { XComBackendPart } from "@millrace/core/plugin";
import { aesGcm } from "@millrace/xcom-aes-gcm";
import { file } from "@millrace/xcom-file";
import { gzip } from "@millrace/xcom-gzip";
import { hybrid } from "@millrace/xcom-hybrid";
import { s3 } from "@millrace/xcom-s3";
import type { BucketOptions } from "../comparison-params.ts";

/** What the parts of a backend need from outside. */
export interface BackendServices {
  /** A folder of the backend's own. */
  readonly folder: string;
  /** The bucket, for those that need one. */
  readonly bucket: BucketOptions | undefined;
}

/** A backend to be compared. */
export interface Candidate {
  /** For people. */
  readonly label: string;
  /** What it does, in a few words. */
  readonly says: string;
  readonly needsBucket: boolean;
  /** Its parts, in the order of writing. */
  parts(services: BackendServices): readonly XComBackendPart[];
}

const someKey = () => ({ keys: [{ id: "comparison", key: randomBytes(32).toString("base64") }] });
const encrypt = () => aesGcm(someKey());
const inBucket = ({ bucket }: BackendServices) => {
  if (!bucket) throw new Error("This backend needs a bucket.");
  return s3(bucket);
};

function candidate(label: string, says: string, parts: Candidate["parts"], needsBucket = false): Candidate {
  return { label, says, parts, needsBucket };
}

/** Every backend by its name: the single ones, the one that chooses, and stacks of them. */
export const candidates = {
  as_is: candidate("as is", "JSON text in the store", () => []),
  file: candidate("file", "a file above 1 KB", ({ folder }) => [file({ dir: folder })]),
  gzip: candidate("gzip", "compressed in the store", () => [gzip()]),
  zstd: candidate("zstd", "compressed in the store, by Zstandard", () => [gzip({ algorithm: "zstd" })]),
  aes_gcm: candidate("AES-GCM", "encrypted in the store", () => [encrypt()]),
  s3: candidate("S3", "an object above 1 KB", (services) => [inBucket(services)], true),
  hybrid: candidate("hybrid", "chooses among gzip, AES-GCM and file", ({ folder }) => [
    hybrid({ compress: gzip(), encrypt: encrypt(), place: file({ dir: folder }) }),
  ]),
  gzip_aes: candidate("gzip → AES", "compressed, encrypted, in the store", () => [gzip(), encrypt()]),
  gzip_aes_file: candidate("gzip → AES → file", "compressed, encrypted, in a file", ({ folder }) => [
    gzip(),
    encrypt(),
    file({ dir: folder }),
  ]),
  gzip_aes_s3: candidate(
    "gzip → AES → S3",
    "compressed, encrypted, an object",
    (services) => [gzip(), encrypt(), inBucket(services)],
    true,
  ),
} as const satisfies Readonly<Record<string, Candidate>>;

export type BackendName = keyof typeof candidates;

/** In the order of the reports. */
export const backendNames = Object.keys(candidates) as readonly BackendName[];
