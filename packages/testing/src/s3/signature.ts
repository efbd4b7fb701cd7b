import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { refused } from "./refusals.ts";
import type { S3Request } from "./request.ts";

/** Who may ask, and when and where. */
export interface SignatureRules {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** Regions that a signature may name; the first one is told to those who name another. */
  readonly regions: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a valid signature says about the rest of the request. */
export interface CheckedSignature {
  readonly region: string;
  /** The value of `x-amz-content-sha256`. */
  readonly payload: string;
  /** Checks the next signature of a body that is signed chunk by chunk, or its trailer's. */
  readonly next: (kind: "chunk" | "trailer", bytes: Uint8Array, signature: string) => boolean;
}

const algorithm = "AWS4-HMAC-SHA256";
const mostSkewMs = 15 * 60_000;
const emptyHash = sha256("");
const authorization =
  /^AWS4-HMAC-SHA256\s+Credential=([^\s,/]+)\/(\d{8})\/([^\s,/]+)\/([^\s,/]+)\/aws4_request\s*,\s*SignedHeaders=([^\s,]+)\s*,\s*Signature=([0-9a-f]{64})$/;

/**
 * Holds a request's signature (version 4, in the header) against the rules.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function checkSignature(request: S3Request, rules: SignatureRules): CheckedSignature {
  const { headers } = request;
  if (headers["authorization"] === undefined) throw refused("AccessDenied");
  const match = authorization.exec(headers["authorization"]);
  if (!match) throw refused("AuthorizationHeaderMalformed");
  const [, keyId = "", day = "", region = "", service = "", names = "", signature = ""] = match;
  if (keyId !== rules.accessKeyId) {
    throw refused("InvalidAccessKeyId", undefined, { elements: { AWSAccessKeyId: keyId } });
  }
  if (service !== "s3") {
    throw refused(
      "AuthorizationHeaderMalformed",
      `The authorization header is malformed; incorrect service "${service}". This endpoint belongs to "s3".`,
    );
  }
  checkRegion(region, rules.regions);
  const date = checkDate(headers["x-amz-date"] ?? "", day, rules.now);
  const payload = headers["x-amz-content-sha256"];
  if (payload === undefined) {
    throw refused("InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
  }
  const signedHeaders = names.split(";");
  checkSignedHeaders(headers, signedHeaders);

  const scope = `${day}/${region}/s3/aws4_request`;
  const canonical = canonicalRequest(request, signedHeaders, payload);
  const key = signingKey(rules.secretAccessKey, day, region);
  const expected = hmac(key, [algorithm, date, scope, sha256(canonical)].join("\n")).toString("hex");
  if (!isSame(expected, signature)) {
    throw refused("SignatureDoesNotMatch", undefined, {
      elements: { AWSAccessKeyId: keyId, CanonicalRequest: canonical, SignatureProvided: signature },
    });
  }
  if (headers["x-amz-security-token"] !== rules.sessionToken) throw refused("InvalidToken");

  let previous = signature;
  const next: CheckedSignature["next"] = (kind, bytes, given) => {
    const hashes = kind === "chunk" ? [emptyHash, sha256(bytes)] : [sha256(bytes)];
    const name = kind === "chunk" ? `${algorithm}-PAYLOAD` : `${algorithm}-TRAILER`;
    previous = hmac(key, [name, date, scope, previous, ...hashes].join("\n")).toString("hex");
    return isSame(previous, given);
  };
  return { region, payload, next };
}

function checkRegion(region: string, regions: readonly string[]): void {
  if (regions.includes(region)) return;
  const expected = regions[0] ?? "";
  const message = `The authorization header is malformed; the region '${region}' is wrong; expecting '${expected}'`;
  throw refused("AuthorizationHeaderMalformed", message, {
    elements: { Region: expected },
    headers: { "x-amz-bucket-region": expected },
  });
}

function checkDate(date: string, day: string, now: number): string {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!match) throw refused("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
  const [, year, month, dayOfMonth, hour, minute, second] = match.map(Number);
  const at = Date.UTC(year ?? 0, (month ?? 0) - 1, dayOfMonth, hour, minute, second);
  if (!date.startsWith(day)) {
    throw refused(
      "SignatureDoesNotMatch",
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: '${day}' != '${date.slice(0, 8)}'`,
    );
  }
  if (!(Math.abs(at - now) <= mostSkewMs)) {
    throw refused("RequestTimeTooSkewed", undefined, {
      elements: {
        RequestTime: date,
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: `${mostSkewMs}`,
      },
    });
  }
  return date;
}

function checkSignedHeaders(headers: Readonly<Record<string, string>>, signed: readonly string[]): void {
  const needed = Object.keys(headers).filter((name) => name === "host" || name.startsWith("x-amz-"));
  const unsigned = needed.filter((name) => !signed.includes(name));
  if (unsigned.length > 0) {
    const elements = { HeadersNotSigned: unsigned.join(", ") };
    throw refused("AccessDenied", "There were headers present in the request which were not signed", { elements });
  }
}

function canonicalRequest(request: S3Request, signedHeaders: readonly string[], payload: string): string {
  const query = request.query
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? order(x, y) : order(a, b)));
  const lines = signedHeaders.map((name) => `${name}:${(request.headers[name] ?? "").trim().replace(/ +/g, " ")}\n`);
  return [
    request.method,
    request.path.split("/").map(encoded).join("/"),
    query.map(([name, value]) => `${name}=${value}`).join("&"),
    lines.join(""),
    signedHeaders.join(";"),
    payload,
  ].join("\n");
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function signingKey(secret: string, day: string, region: string): Buffer {
  return [day, region, "s3", "aws4_request"].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secret}`),
  );
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
