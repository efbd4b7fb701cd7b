import type { IncomingMessage } from "node:http";
import { refused } from "./refusals.ts";

/** A request as it came, without its body. */
export interface S3Request {
  readonly method: string;
  /** The address before its query, decoded. */
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  /** By name in small letters. Of a header that comes several times, the values with commas between. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined in a request to the service. */
  readonly bucket: string | undefined;
  /** Undefined in a request to a bucket. */
  readonly key: string | undefined;
}

const longestKeyBytes = 1024;
const mostHeaderBytes = 8192;
const mostMetadataBytes = 2048;

/** Reads method, address and headers. Throws `InvalidURI`, `KeyTooLongError`, `MetadataTooLarge`, … */
export function parseRequest(incoming: IncomingMessage): S3Request {
  const target = incoming.url ?? "/";
  if (!target.startsWith("/")) throw refused("InvalidURI");
  const cut = target.indexOf("?");
  const path = decoded(cut < 0 ? target : target.slice(0, cut), "InvalidURI");
  const query = parseQuery(cut < 0 ? "" : target.slice(cut + 1));
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(incoming.headersDistinct)) headers[name] = values?.join(",") ?? "";
  checkHeaderSizes(headers, incoming.rawHeaders);
  return { method: incoming.method ?? "", path, query, headers, ...bucketAndKey(path, headers["host"] ?? "") };
}

/** The value of a parameter of the query; undefined if it is not there. */
export function queryValue(request: S3Request, name: string): string | undefined {
  return request.query.find(([other]) => other === name)?.[1];
}

/** Path style names the bucket first in the path, virtual-host style in the host: `bucket.localhost`, `bucket.s3.….com`. */
function bucketAndKey(path: string, host: string): Pick<S3Request, "bucket" | "key"> {
  const hosted = /^(.+?)\.(?:localhost|s3[.-].*)(?::\d+)?$/.exec(host.toLowerCase())?.[1];
  const rest = path.slice(1);
  const slash = rest.indexOf("/");
  const bucket = hosted ?? (slash < 0 ? rest : rest.slice(0, slash));
  const key = hosted === undefined ? (slash < 0 ? "" : rest.slice(slash + 1)) : rest;
  if (Buffer.byteLength(key) > longestKeyBytes) {
    const elements = { Size: `${Buffer.byteLength(key)}`, MaxSizeAllowed: `${longestKeyBytes}` };
    throw refused("KeyTooLongError", undefined, { elements });
  }
  return { bucket: bucket === "" ? undefined : bucket, key: key === "" ? undefined : key };
}

function parseQuery(text: string): [string, string][] {
  const pairs = text.split("&").filter((pair) => pair !== "");
  return pairs.map((pair) => {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? "" : pair.slice(equals + 1);
    return [decoded(name.replaceAll("+", " "), "InvalidURI"), decoded(value.replaceAll("+", " "), "InvalidURI")];
  });
}

function checkHeaderSizes(headers: Readonly<Record<string, string>>, raw: readonly string[]): void {
  const total = raw.reduce((sum, text) => sum + text.length, 0);
  if (total > mostHeaderBytes)
    throw refused("BadRequest", "Your request header section exceeds the maximum allowed size");
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-"));
  const size = metadata.reduce((sum, [name, value]) => sum + name.length - "x-amz-meta-".length + value.length, 0);
  if (size > mostMetadataBytes) {
    throw refused("MetadataTooLarge", undefined, {
      elements: { Size: `${size}`, MaxSizeAllowed: `${mostMetadataBytes}` },
    });
  }
}

function decoded(text: string, code: "InvalidURI"): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused(code);
  }
}
