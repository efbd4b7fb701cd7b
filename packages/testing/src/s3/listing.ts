import { type S3Answer, xmlAnswer } from "./answers.ts";
import { isAfter } from "./bucket.ts";
import type { Call } from "./operations.ts";
import { refused } from "./refusals.ts";
import { queryValue, type S3Request } from "./request.ts";
import type { XmlElement } from "./xml.ts";

const mostEntries = 1000;

/** What a list gives of many keys. */
export interface Page {
  readonly keys: readonly string[];
  /** What stands for all keys that are the same up to the delimiter. */
  readonly prefixes: readonly string[];
  /** The last key or prefix of a page that is not the last one. */
  readonly next: string | undefined;
}

/**
 * One page of sorted keys.
 *
 * @param after - the page begins with the first key after this text
 * @param done - a prefix that an earlier page gave: no key that begins with it comes again
 */
export function planPage(
  keys: readonly string[],
  asked: Readonly<{ prefix: string; delimiter: string; after: string; done?: string | undefined; most: number }>,
): Page {
  const { prefix, delimiter, after, done, most } = asked;
  const found: string[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  for (const key of keys.slice(firstAfter(keys, after))) {
    if (!key.startsWith(prefix)) {
      if (isAfter(key, prefix)) break;
      continue;
    }
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const shared = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
    if (shared !== undefined && (shared === prefixes.at(-1) || shared === done)) continue;
    if (found.length + prefixes.length === most) return { keys: found, prefixes, next: last };
    last = shared ?? key;
    if (shared === undefined) found.push(key);
    else prefixes.push(shared);
  }
  return { keys: found, prefixes, next: undefined };
}

/** Lists objects in the order of their keys, page by page. */
export function listObjectsV2({ request, bucket }: Call): S3Answer {
  const prefix = queryValue(request, "prefix") ?? "";
  const delimiter = queryValue(request, "delimiter") ?? "";
  const startAfter = queryValue(request, "start-after");
  const token = queryValue(request, "continuation-token");
  const most = parseMost(request, "max-keys");
  const spelled = speller(request);
  const done = token === undefined ? undefined : readToken(token);
  const asked = { prefix, delimiter, after: done ?? startAfter ?? "", done, most };
  const page = most === 0 ? { keys: [], prefixes: [], next: undefined } : planPage(bucket.sortedKeys(), asked);

  const contents = page.keys.map((key): XmlElement | undefined => {
    const object = bucket.get(key);
    if (!object) return undefined;
    return [
      "Contents",
      [
        ["Key", spelled(key)],
        ["LastModified", new Date(object.modifiedAt).toISOString()],
        ["ETag", object.etag],
        object.checksum && ["ChecksumAlgorithm", object.checksum.algorithm.toUpperCase()],
        object.checksum && ["ChecksumType", object.checksum.type],
        ["Size", object.sizeBytes],
        ["StorageClass", object.headers["x-amz-storage-class"] ?? "STANDARD"],
      ],
    ];
  });
  return xmlAnswer([
    "ListBucketResult",
    [
      ["Name", request.bucket ?? ""],
      ["Prefix", spelled(prefix)],
      delimiter === "" ? undefined : ["Delimiter", spelled(delimiter)],
      startAfter === undefined ? undefined : ["StartAfter", spelled(startAfter)],
      token === undefined ? undefined : ["ContinuationToken", token],
      page.next === undefined ? undefined : ["NextContinuationToken", writeToken(page.next)],
      ["KeyCount", page.keys.length + page.prefixes.length],
      ["MaxKeys", most],
      queryValue(request, "encoding-type") === undefined ? undefined : ["EncodingType", "url"],
      ["IsTruncated", page.next !== undefined],
      ...contents,
      ...page.prefixes.map((shared): XmlElement => ["CommonPrefixes", [["Prefix", spelled(shared)]]]),
    ],
  ]);
}

/** How many entries a page may have: as many as asked for, at most 1,000. */
export function parseMost(request: S3Request, name: string): number {
  const text = queryValue(request, name) ?? `${mostEntries}`;
  if (!/^\d{1,10}$/.test(text)) {
    throw refused("InvalidArgument", `Provided ${name} not an integer or within integer range`, {
      elements: { ArgumentName: name, ArgumentValue: text },
    });
  }
  return Math.min(Number(text), mostEntries);
}

/** How keys are spelled in the answer: as they are, or as in addresses, as `encoding-type=url` asks for. */
export function speller(request: S3Request): (text: string) => string {
  const type = queryValue(request, "encoding-type");
  if (type === undefined) return (text) => text;
  if (type !== "url") {
    throw refused("InvalidArgument", "Invalid Encoding Method specified in Request", {
      elements: { ArgumentName: "encoding-type", ArgumentValue: type },
    });
  }
  return (text) =>
    encodeURIComponent(text)
      .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll("%2F", "/")
      .replaceAll("%20", "+");
}

function firstAfter(keys: readonly string[], after: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAfter(keys[middle] ?? "", after)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function writeToken(last: string): string {
  return Buffer.from(`after ${last}`).toString("base64");
}

function readToken(token: string): string {
  const text = Buffer.from(token, "base64").toString();
  if (!text.startsWith("after ")) {
    throw refused("InvalidArgument", "The continuation token provided is incorrect", {
      elements: { ArgumentName: "continuation-token" },
    });
  }
  return text.slice("after ".length);
}
