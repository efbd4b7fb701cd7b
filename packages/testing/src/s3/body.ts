import { type ChunkedBody, readAwsChunks } from "./aws-chunks.ts";
import {
  type Checksum,
  type ChecksumAlgorithm,
  checksumBytes,
  isChecksumAlgorithm,
  startChecksum,
} from "./checksums.ts";
import { refused } from "./refusals.ts";
import type { S3Request } from "./request.ts";
import type { CheckedSignature } from "./signature.ts";

/** A body that is what its request says it is. */
export interface S3Body {
  readonly pieces: readonly Uint8Array[];
  readonly sizeBytes: number;
  readonly md5: Buffer;
  /** The checksum that the client gave, in base64. */
  readonly checksum: GivenChecksum | undefined;
  /** Whether the client gave something that tells altered bytes: Content-MD5 or a checksum. */
  readonly isProtected: boolean;
}

export interface GivenChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string;
}

const plainHash = /^[0-9a-f]{64}$/;
const streams = [
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
  "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
];

export interface BodyOptions {
  /** A longer one is refused as `EntityTooLarge`. */
  readonly mostBytes: number;
  /** Whether checksums in headers are those of the body. Default: true. */
  readonly checksumsAreOfBody?: boolean;
}

/**
 * Reads a body and holds it against its length, its hash, its Content-MD5 and its checksum, in headers or in a trailer.
 *
 * @param wire - the body as it comes
 */
export async function readBody(
  wire: AsyncIterable<Buffer>,
  request: S3Request,
  signature: CheckedSignature,
  { mostBytes, checksumsAreOfBody = true }: BodyOptions,
): Promise<S3Body> {
  const { headers } = request;
  const { payload } = signature;
  const isStream = streams.includes(payload);
  if (!isStream && payload !== "UNSIGNED-PAYLOAD" && !plainHash.test(payload)) {
    throw refused(
      "InvalidArgument",
      `x-amz-content-sha256 must be UNSIGNED-PAYLOAD, ${streams.join(", ")}, or a valid sha256 value.`,
    );
  }
  const length = declaredLength(headers, isStream);
  if (length > mostBytes) {
    throw refused("EntityTooLarge", undefined, {
      elements: { ProposedSize: `${length}`, MaxSizeAllowed: `${mostBytes}` },
    });
  }
  const md5Given = contentMd5(headers["content-md5"]);
  const declared = checksumsAreOfBody ? declaredChecksum(headers) : undefined;
  const trailer = trailerName(headers, payload);
  const algorithm = declared?.algorithm ?? trailer;

  const md5 = startChecksum("md5");
  const sha256 = plainHash.test(payload) ? startChecksum("sha256") : undefined;
  const checksum = algorithm && startChecksum(algorithm);
  const all = [md5, sha256, checksum].filter((some): some is Checksum => some !== undefined);
  const body: ChunkedBody = isStream
    ? readAwsChunks(wire, payload, signature)
    : { pieces: wire, trailers: () => new Map() };
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of body.pieces) {
    sizeBytes += piece.length;
    if (sizeBytes > length) throw refused("IncompleteBody");
    for (const some of all) some.update(piece);
    pieces.push(piece);
  }
  if (sizeBytes !== length) throw refused("IncompleteBody");

  const digest = md5.digest();
  if (sha256 && sha256.digest().toString("hex") !== payload) throw refused("XAmzContentSHA256Mismatch");
  if (md5Given && !md5Given.equals(digest))
    throw refused("BadDigest", "The Content-MD5 you specified did not match what we received.");
  const value = declared?.value ?? (trailer && body.trailers().get(`x-amz-checksum-${trailer}`));
  if (algorithm && checksum) checkValue(algorithm, checksum, value);
  return {
    pieces,
    sizeBytes,
    md5: digest,
    checksum: algorithm && value !== undefined ? { algorithm, value } : undefined,
    isProtected: md5Given !== undefined || algorithm !== undefined,
  };
}

function declaredLength(headers: Readonly<Record<string, string>>, isStream: boolean): number {
  if (!isStream && headers["transfer-encoding"] !== undefined) {
    const elements = { Header: "Transfer-Encoding", AdditionalMessage: headers["transfer-encoding"] };
    throw refused("NotImplemented", undefined, { elements });
  }
  const text = headers[isStream ? "x-amz-decoded-content-length" : "content-length"];
  if (text === undefined && (isStream || headers["transfer-encoding"] !== undefined))
    throw refused("MissingContentLength");
  if (text !== undefined && !/^\d{1,15}$/.test(text)) throw refused("MissingContentLength");
  return Number(text ?? 0);
}

function contentMd5(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 16 || bytes.toString("base64") !== text)
    throw refused("InvalidDigest", "The Content-MD5 you specified was invalid.");
  return bytes;
}

function declaredChecksum(headers: Readonly<Record<string, string>>): GivenChecksum | undefined {
  const given = Object.entries(headers).flatMap(([name, value]) => {
    const algorithm = name.replace(/^x-amz-checksum-/, "");
    return name !== algorithm && isChecksumAlgorithm(algorithm) ? [{ algorithm, value }] : [];
  });
  if (given.length > 1) {
    throw refused(
      "InvalidRequest",
      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    );
  }
  const named = headers["x-amz-sdk-checksum-algorithm"];
  if (named !== undefined && given.length === 0 && headers["x-amz-trailer"] === undefined) {
    throw refused(
      "InvalidRequest",
      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    );
  }
  return given[0];
}

function trailerName(headers: Readonly<Record<string, string>>, payload: string): ChecksumAlgorithm | undefined {
  const named = headers["x-amz-trailer"];
  if (!payload.endsWith("-TRAILER")) {
    if (named !== undefined) throw refused("InvalidRequest", "x-amz-trailer needs a payload with a trailer");
    return undefined;
  }
  const algorithm = named?.toLowerCase().replace(/^x-amz-checksum-/, "") ?? "";
  if (!isChecksumAlgorithm(algorithm))
    throw refused("InvalidRequest", "The value specified in the x-amz-trailer header is not supported");
  return algorithm;
}

function checkValue(algorithm: ChecksumAlgorithm, checksum: Checksum, value: string | undefined): void {
  const given = Buffer.from(value ?? "", "base64");
  if (given.length !== checksumBytes(algorithm) || given.toString("base64") !== value) {
    throw refused("InvalidRequest", `Value for x-amz-checksum-${algorithm} header is invalid.`);
  }
  if (!given.equals(checksum.digest())) {
    throw refused("BadDigest", `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`);
  }
}
