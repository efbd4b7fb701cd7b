import { randomBytes } from "node:crypto";
import type { XComBackendPart } from "@millrace/core/plugin";
import { aesGcm } from "@millrace/xcom-aes-gcm";
import { gzip } from "@millrace/xcom-gzip";
import { hybrid } from "@millrace/xcom-hybrid";
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
function candidate(label: string, says: string, parts: Candidate["parts"], needsBucket = false): Candidate {
  return { label, says, parts, needsBucket };
}

/** Every backend by its name: the single ones, the one that chooses, and stacks of them. */
export const candidates = {
  as_is: candidate("as is", "JSON text in the store", () => []),
  gzip: candidate("gzip", "compressed in the store", () => [gzip()]),
  zstd: candidate("zstd", "compressed in the store, by Zstandard", () => [gzip({ algorithm: "zstd" })]),
  aes_gcm: candidate("AES-GCM", "encrypted in the store", () => [encrypt()]),
  hybrid: candidate("hybrid", "chooses among gzip and AES-GCM", () => [
    hybrid({ compress: gzip(), encrypt: encrypt() }),
  ]),
  gzip_aes: candidate("gzip → AES", "compressed, encrypted, in the store", () => [gzip(), encrypt()]),
} as const satisfies Readonly<Record<string, Candidate>>;

export type BackendName = keyof typeof candidates;

/** In the order of the reports. */
export const backendNames = Object.keys(candidates) as readonly BackendName[];
