import { type Clock, type Randomness, shown } from "@millrace/core/plugin";
import { z } from "zod";
import { s3Error } from "./errors.ts";
import type { S3Location } from "./locations.ts";
import { largestPartBytes, smallestPartBytes } from "./part-plan.ts";
import type { S3Port } from "./port.ts";

/** What `s3` takes, and what a config file may say. */
export interface S3Options {
  /** The bucket's name. */
  readonly bucket: string;
  /** Below which every key of this place lies; one for each Millrace that shares the bucket. Default: none. */
  readonly prefix?: string;
  /** Default: what the AWS SDK finds in environment and profile; `us-east-1` with an endpoint. */
  readonly region?: string;
  /** Address of a store that is not AWS, for example `https://minio.example.com:9000`. */
  readonly endpoint?: string;
  /** The bucket in the path instead of the host's name. Default: true with an endpoint. */
  readonly forcePathStyle?: boolean;
  /** Values of so many bytes or less stay in the metadata store. Default 1,024. */
  readonly thresholdBytes?: number;
  /** What is larger than this goes in several parts of this size. 5 MiB to 5 GiB; default 5 MiB. */
  readonly partSizeBytes?: number;
  /** Parts in memory at a time, for each value. Default 4. */
  readonly queueSize?: number;
  /**
   * `supported`: sends a CRC-32 with everything, which the store checks, and has it send one back. `required`: only where S3
   * demands one; some stores refuse more. Values are checked by SHA-256 either way. Default: `supported` for AWS, `required`
   * with an endpoint.
   */
  readonly checksums?: "required" | "supported";
  /**
   * Writes with `If-None-Match: *`, so that nothing is ever replaced even if a name came twice. Left out by itself where the
   * store answers "not implemented". Default: true.
   */
  readonly conditionalWrites?: boolean;
  /** Encryption by the store. Default `none`: no header, so the bucket's own setting holds. */
  readonly sse?: "none" | "AES256" | "aws:kms";
  /** Key for `aws:kms`; default: the account's own. */
  readonly kmsKeyId?: string;
  /** Allows an endpoint with plain http:// that is not on this machine. */
  readonly allowInsecure?: boolean;
  /** Other buckets and prefixes in which values of earlier configurations lie. They are read and removed there, never written or listed. */
  readonly alsoRead?: readonly { readonly bucket: string; readonly prefix?: string }[];
  /** How long one request may take, beside a second for each 64 KiB that it sends. Default 30,000 ms. */
  readonly requestTimeoutMs?: number;
  /** How long a request is tried again and again. Default 120,000 ms. */
  readonly deadlineMs?: number;
  /** Makes the requests in place of the AWS SDK. */
  readonly client?: S3Port;
  /** For `created_at`, names and waits. Default: the machine's clock. */
  readonly clock?: Clock;
  /** For names and waits. Default: the operating system's. */
  readonly randomness?: Randomness;
}

const bucketName = z
  .string()
  .regex(
    /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/,
    "is no name of a bucket: 3 to 63 letters, digits, dots and hyphens",
  );
const prefix = z
  .string()
  .transform((text) => text.replace(/^\/+|\/+$/g, ""))
  .refine((text) => text.length <= 160, "is longer than 160 characters")
  .refine(
    (text) =>
      text === "" || text.split("/").every((part) => /^[A-Za-z0-9!_.*'()=@+-]+$/.test(part) && !/^\.+$/.test(part)),
    "has other characters than letters, digits and ! _ . * ' ( ) = @ + -, or an empty step",
  );
const positiveMs = z.number().int().positive().max(86_400_000);
const hasFunctions = (value: unknown): boolean => typeof value === "object" && value !== null;

/** The one schema of the options, for config files and for `s3`. */
export const s3OptionsSchema = z.strictObject({
  bucket: bucketName,
  prefix: prefix.optional(),
  region: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,60}$/, "is no name of a region")
    .optional(),
  endpoint: z
    .string()
    .refine(isEndpoint, "is no http:// or https:// address without user, query and fragment")
    .optional(),
  forcePathStyle: z.boolean().optional(),
  thresholdBytes: z.number().int().nonnegative().optional(),
  partSizeBytes: z.number().int().min(smallestPartBytes).max(largestPartBytes).optional(),
  queueSize: z.number().int().min(1).max(64).optional(),
  checksums: z.enum(["required", "supported"]).optional(),
  conditionalWrites: z.boolean().optional(),
  sse: z.enum(["none", "AES256", "aws:kms"]).optional(),
  kmsKeyId: z.string().min(1).max(2_048).optional(),
  allowInsecure: z.boolean().optional(),
  alsoRead: z
    .array(z.strictObject({ bucket: bucketName, prefix: prefix.optional() }))
    .readonly()
    .optional(),
  requestTimeoutMs: positiveMs.optional(),
  deadlineMs: positiveMs.optional(),
  client: z.custom<S3Port>(hasFunctions, "is no client").optional(),
  clock: z.custom<Clock>(hasFunctions, "is no clock").optional(),
  randomness: z.custom<Randomness>(hasFunctions, "is no source of randomness").optional(),
});

/** Options with everything decided that the SDK does not find out itself. */
export interface S3Settings extends S3Location {
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly forcePathStyle: boolean;
  readonly thresholdBytes: number;
  readonly partSizeBytes: number;
  readonly queueSize: number;
  readonly checksums: "required" | "supported";
  readonly conditionalWrites: boolean;
  readonly sse: "none" | "AES256" | "aws:kms";
  readonly kmsKeyId: string | undefined;
  readonly allowInsecure: boolean;
  readonly requestTimeoutMs: number;
  readonly deadlineMs: number;
  /** Its own bucket and prefix, then those that are only read and removed from. */
  readonly locations: readonly S3Location[];
}

/**
 * Checks options and fills in what they leave open.
 *
 * @throws `XCOM_S3_OPTION_INVALID`, `XCOM_S3_INSECURE`
 */
export function settingsOf(options: S3Options): S3Settings {
  const parsed = s3OptionsSchema.safeParse(options);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw s3Error("XCOM_S3_OPTION_INVALID", { option: issue?.path.join(".") || "all", why: issue?.message ?? "" });
  }
  const given = parsed.data;
  if (given.kmsKeyId !== undefined && given.sse !== "aws:kms")
    throw s3Error("XCOM_S3_OPTION_INVALID", { option: "kmsKeyId", why: 'it is of use only with sse: "aws:kms"' });
  const own = { bucket: given.bucket, prefix: given.prefix ?? "" };
  const settings: S3Settings = {
    ...own,
    region: given.region ?? (given.endpoint === undefined ? undefined : "us-east-1"),
    endpoint: given.endpoint,
    forcePathStyle: given.forcePathStyle ?? given.endpoint !== undefined,
    thresholdBytes: given.thresholdBytes ?? 1_024,
    partSizeBytes: given.partSizeBytes ?? smallestPartBytes,
    queueSize: given.queueSize ?? 4,
    checksums: given.checksums ?? (given.endpoint === undefined ? "supported" : "required"),
    conditionalWrites: given.conditionalWrites ?? true,
    sse: given.sse ?? "none",
    kmsKeyId: given.kmsKeyId,
    allowInsecure: given.allowInsecure ?? false,
    requestTimeoutMs: given.requestTimeoutMs ?? 30_000,
    deadlineMs: given.deadlineMs ?? 120_000,
    locations: [own, ...(given.alsoRead ?? []).map(({ bucket, prefix = "" }) => ({ bucket, prefix }))],
  };
  if (given.endpoint !== undefined && !settings.allowInsecure) {
    const { protocol, hostname, host } = new URL(given.endpoint);
    refuseInsecure(protocol, hostname, host);
  }
  return settings;
}

/**
 * Values do not travel in the clear, unless it is within this machine.
 *
 * @throws `XCOM_S3_INSECURE`
 */
export function refuseInsecure(protocol: string, hostname: string, host = hostname): void {
  if (protocol !== "https:" && !isThisMachine(hostname))
    throw s3Error("XCOM_S3_INSECURE", { endpoint: shown(`${protocol}//${host}`) });
}

/** True for names and addresses by which a machine reaches itself. */
export function isThisMachine(hostname: string): boolean {
  return /^(localhost|[^/]*\.localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(hostname);
}

function isEndpoint(text: string): boolean {
  try {
    const { protocol, username, password, search, hash } = new URL(text);
    return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === "");
  } catch {
    return false;
  }
}
