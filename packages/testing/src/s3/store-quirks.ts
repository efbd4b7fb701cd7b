import type { S3FaultRule } from "./faults.ts";
import type { S3RequestNote } from "./request-log.ts";

/**
 * What stores do that speak S3 and are not S3: rules for a server's {@link S3Server.faults | faults}.
 *
 * @example
 * ```ts
 * import { s3Quirks, startS3Server } from "@millrace/testing/s3";
 *
 * await using server = await startS3Server({ faults: [s3Quirks.refusesChecksums, s3Quirks.ignoresConditions] });
 * console.log(server.endpoint.startsWith("http://127.0.0.1:")); // true
 * ```
 */
export const s3Quirks = {
  /** 501 to every request with a checksum in a header or in a trailer, as older stores answer to the SDK's defaults. */
  refusesChecksums: {
    if: (request) => hasHeader(request, /^x-amz-(checksum-(?!mode)|sdk-checksum|trailer)/),
    fault: { kind: "refuse", code: "NotImplemented" },
  },
  /** Answers have no checksums, whether they are asked for or not. */
  tellsNoChecksums: {
    on: ["GetObject", "HeadObject"],
    fault: { kind: "ignore headers", names: ["x-amz-checksum-mode"] },
  },
  /** 501 to conditional writes. */
  refusesConditions: {
    on: ["PutObject", "CompleteMultipartUpload"],
    if: (request) => hasHeader(request, /^if-(none-)?match$/),
    fault: { kind: "refuse", code: "NotImplemented" },
  },
  /** Conditional writes are carried out whether their condition holds or not. */
  ignoresConditions: {
    on: ["PutObject", "CompleteMultipartUpload"],
    fault: { kind: "ignore headers", names: ["if-none-match", "if-match"] },
  },
  /** 400 to a bulk delete without Content-MD5, also if it has a checksum. */
  wantsContentMd5: {
    on: "DeleteObjects",
    if: (request) => !hasHeader(request, /^content-md5$/),
    fault: { kind: "refuse", code: "InvalidRequest", message: "Missing required header for this request: Content-MD5" },
  },
  /** 501 to a bulk delete. */
  refusesBulkDelete: { on: "DeleteObjects", fault: { kind: "refuse", code: "NotImplemented" } },
} as const satisfies Record<string, S3FaultRule>;

function hasHeader(request: S3RequestNote, name: RegExp): boolean {
  return Object.keys(request.headers).some((header) => name.test(header));
}
