import { isMillraceError, type MillraceError, messageOf, shown } from "@millrace/core/plugin";
import { s3Error } from "./errors.ts";

/** What kind of trouble a request met. */
export type FailureKind =
  | "object-missing"
  | "bucket-missing"
  | "upload-missing"
  | "denied"
  | "credentials"
  | "region"
  | "exists"
  | "conflict"
  | "range"
  | "unsupported"
  | "throttled"
  | "unavailable"
  | "timeout"
  | "unreachable"
  | "refused";

/** A failed request, reduced to what may be shown and decided by. */
export interface Failure {
  readonly kind: FailureKind;
  /** The store's or Node's own name for it, for example `SlowDown`. */
  readonly name: string;
  readonly status: number | undefined;
  /** Name, status and the store's sentence, without anything that could be a credential. */
  readonly why: string;
  readonly mayTryAgain: boolean;
  /** What the store asked for by `Retry-After`. */
  readonly retryAfterMs: number | undefined;
}

/** Thrown by a wait that has taken too long. */
export class RequestTimeout extends Error {
  override readonly name = "TimeoutError";
}

const kindsByName: Readonly<Record<string, FailureKind>> = {
  NoSuchKey: "object-missing",
  NoSuchVersion: "object-missing",
  NotFound: "object-missing",
  NoSuchBucket: "bucket-missing",
  NoSuchUpload: "upload-missing",
  AccessDenied: "denied",
  AllAccessDisabled: "denied",
  AccountProblem: "denied",
  Forbidden: "denied",
  InvalidAccessKeyId: "credentials",
  SignatureDoesNotMatch: "credentials",
  ExpiredToken: "credentials",
  InvalidToken: "credentials",
  InvalidSecurity: "credentials",
  RequestTimeTooSkewed: "credentials",
  RequestExpired: "credentials",
  CredentialsProviderError: "credentials",
  TokenProviderError: "credentials",
  ProviderError: "credentials",
  PermanentRedirect: "region",
  TemporaryRedirect: "region",
  AuthorizationHeaderMalformed: "region",
  PreconditionFailed: "exists",
  ConditionalRequestConflict: "conflict",
  OperationAborted: "conflict",
  InvalidRange: "range",
  NotImplemented: "unsupported",
  SlowDown: "throttled",
  TooManyRequests: "throttled",
  TooManyRequestsException: "throttled",
  Throttling: "throttled",
  ThrottlingException: "throttled",
  RequestLimitExceeded: "throttled",
  BandwidthLimitExceeded: "throttled",
  InternalError: "unavailable",
  ServiceUnavailable: "unavailable",
  RequestTimeout: "timeout",
  TimeoutError: "timeout",
  IncompleteBody: "unreachable",
  BadDigest: "unreachable",
  XAmzContentSHA256Mismatch: "unreachable",
};

const kindsByStatus: Readonly<Record<number, FailureKind>> = {
  301: "region",
  307: "region",
  401: "credentials",
  403: "denied",
  404: "object-missing",
  408: "timeout",
  409: "conflict",
  412: "exists",
  416: "range",
  429: "throttled",
  501: "unsupported",
};

const retried: ReadonlySet<FailureKind> = new Set(["throttled", "unavailable", "timeout", "unreachable", "conflict"]);

/** Codes of Node for a connection that failed or broke, where another attempt may do better. */
const networkCodes = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EPIPE",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EADDRNOTAVAIL",
  "ERR_STREAM_PREMATURE_CLOSE",
  "EPROTO",
  "HPE_INVALID_CONSTANT",
]);

interface SdkLike {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly clockSkewCorrected?: unknown };
  readonly $response?: { readonly headers?: Readonly<Record<string, unknown>>; readonly statusCode?: unknown };
}

/** Reads what a request threw, by the shape that the errors of the AWS SDK have. */
export function failureOf(thrown: unknown, now: number): Failure {
  const error = (typeof thrown === "object" && thrown !== null ? thrown : {}) as SdkLike;
  const status = numberOf(error.$metadata?.httpStatusCode) ?? numberOf(error.$response?.statusCode);
  const code = textOf(error.code);
  const name = nameOf(error, code, status);
  const kind = kindOf(name, code, status);
  const corrected = error.$metadata?.clockSkewCorrected === true;
  return {
    kind,
    name,
    status,
    why: whyOf(kind, name, status, thrown),
    mayTryAgain: corrected || (retried.has(kind) && !isLasting(code, status)),
    retryAfterMs: retryAfterOf(error.$response?.headers, now),
  };
}

function kindOf(name: string, code: string | undefined, status: number | undefined): FailureKind {
  // The SDK calls some of Node's errors TimeoutError, whatever they are.
  if (code !== undefined && status === undefined && networkCodes.has(code)) return "unreachable";
  if (Object.hasOwn(kindsByName, name)) return kindsByName[name] as FailureKind;
  if (code !== undefined && status === undefined) {
    if (code === "ETIMEDOUT") return "timeout";
    return "unreachable";
  }
  if (status !== undefined && status >= 500 && status !== 501) return "unavailable";
  if (status !== undefined) return kindsByStatus[status] ?? "refused";
  return "refused";
}

/** True for what Node says of a connection and will say again: certificates, hosts that cannot be. */
function isLasting(code: string | undefined, status: number | undefined): boolean {
  return code !== undefined && status === undefined && code !== "ETIMEDOUT" && !networkCodes.has(code);
}

/** The store's name for the trouble; the SDK calls everything without a body `Unknown`, or by its status. */
function nameOf(error: SdkLike, code: string | undefined, status: number | undefined): string {
  const own = textOf(error.name);
  const said = textOf(error.Code) ?? (own === "Error" || own === "Unknown" || own === "UnknownError" ? undefined : own);
  return said ?? code ?? (status === undefined ? "Error" : `HTTP ${status}`);
}

function whyOf(kind: FailureKind, name: string, status: number | undefined, thrown: unknown): string {
  const answer = status === undefined || name === `HTTP ${status}` ? name : `${name} (HTTP ${status})`;
  // What is said of credentials may quote them, and a signature's error has the whole request in it.
  if (kind === "credentials") return answer;
  const said = messageOf(thrown)
    .replace(/\b(AKIA|ASIA)[A-Z0-9]{12,}\b/g, "***")
    .replace(/(X-Amz-[A-Za-z-]+|Signature|Credential)=[^\s&,]+/gi, "$1=***");
  return said === "" || said === name || said === "UnknownError" || said === "Unknown"
    ? answer
    : `${answer} ${shown(said, 240)}`;
}

/** Seconds or a date, as HTTP has it. */
function retryAfterOf(headers: Readonly<Record<string, unknown>> | undefined, now: number): number | undefined {
  const text = textOf(headers?.["retry-after"])?.trim();
  if (text === undefined) return undefined;
  const ms = /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 200) : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

/** What a failed request was about, for its error. */
export interface FailedRequest {
  /** A verb for people: `write`, `read`, `remove`, `list`, `look at`. */
  readonly operation: string;
  readonly bucket: string;
  /** The object; without one the request was about the bucket. */
  readonly key?: string;
  readonly attempts: number;
  readonly elapsedMs: number;
  /** Whether the request carried checksums that a store might not know. */
  readonly withChecksums: boolean;
}

/** The coded error of a failure; errors that have a code stay as they are. */
export function errorOf(thrown: unknown, failure: Failure, request: FailedRequest): MillraceError {
  if (isMillraceError(thrown)) return thrown;
  const { operation, bucket, attempts } = request;
  const { why } = failure;
  const key = request.key ?? "anything";
  // The SDK's own error may have the request, its headers and its signature in it: only the reason goes on.
  const options = { cause: new Error(why) };
  const seconds = Math.ceil(request.elapsedMs / 1_000);
  switch (failure.kind) {
    case "object-missing":
      return request.key === undefined
        ? s3Error("XCOM_S3_BUCKET_MISSING", { bucket }, options)
        : s3Error("XCOM_S3_MISSING", { bucket, key }, options);
    case "bucket-missing":
      return s3Error("XCOM_S3_BUCKET_MISSING", { bucket }, options);
    case "denied":
      return s3Error("XCOM_S3_DENIED", { operation, bucket, key, why }, options);
    case "credentials":
      return s3Error("XCOM_S3_CREDENTIALS_INVALID", { operation, bucket, key, why }, options);
    case "region":
      return s3Error("XCOM_S3_REGION_WRONG", { bucket, why }, options);
    case "timeout":
      return s3Error("XCOM_S3_TIMEOUT", { operation, bucket, key, attempts, seconds }, options);
    case "unreachable":
      return s3Error("XCOM_S3_UNREACHABLE", { operation, bucket, key, attempts, seconds, why }, options);
    case "throttled":
    case "unavailable":
      return s3Error("XCOM_S3_UNAVAILABLE", { operation, bucket, key, attempts, seconds, why }, options);
    case "unsupported":
      if (request.withChecksums) return s3Error("XCOM_S3_CHECKSUMS_REFUSED", { bucket, why }, options);
      return s3Error("XCOM_S3_REFUSED", { operation, bucket, key, why }, options);
    case "upload-missing":
    case "exists":
    case "conflict":
    case "range":
    case "refused":
      return s3Error("XCOM_S3_REFUSED", { operation, bucket, key, why }, options);
  }
}
