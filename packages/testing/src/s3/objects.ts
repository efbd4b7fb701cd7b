import { emptyAnswer, type S3Answer, xmlAnswer } from "./answers.ts";
import type { S3Body } from "./body.ts";
import type { StoredChecksum, StoredObject } from "./bucket.ts";
import { checksumOf } from "./checksums.ts";
import { checkReadConditions, checkWriteConditions } from "./conditions.ts";
import { encryptionOf, headersToKeep, parseTagging } from "./object-headers.ts";
import type { Call } from "./operations.ts";
import { parseRange, slicePieces } from "./ranges.ts";
import { refused } from "./refusals.ts";
import { childText, longestXmlBytes, parseXml, type XmlElement } from "./xml.ts";

const mostDeletes = 1000;

/** Puts an object if its conditions hold at the end, when the body is there. */
export async function putObject(call: Call): Promise<S3Answer> {
  const { request, key, bucket } = call;
  const headers = headersToKeep(request.headers);
  const tags = parseTagging(request.headers["x-amz-tagging"]);
  checkWriteConditions(request.headers, bucket.get(key));
  const removals = bucket.removals(key);
  const body = await call.readBody();
  const checksum = await checksumToKeep(body);
  checkNoRemoval(call, removals);
  checkWriteConditions(request.headers, bucket.get(key));
  const object: StoredObject = {
    pieces: body.pieces,
    sizeBytes: body.sizeBytes,
    etag: `"${body.md5.toString("hex")}"`,
    modifiedAt: call.now(),
    headers,
    checksum,
    tags,
  };
  bucket.put(key, object);
  return emptyAnswer(200, { etag: object.etag, ...checksumHeaders(object.checksum), ...encryptionOf(headers) });
}

/** An object, or a range of it. The checksum comes only with all bytes, and if it is asked for. */
export function getObject({ request, key, bucket }: Call): S3Answer {
  const object = existing(bucket.get(key));
  const base = {
    ...object.headers,
    etag: object.etag,
    "last-modified": new Date(object.modifiedAt).toUTCString(),
    "accept-ranges": "bytes",
    ...(Object.keys(object.tags).length > 0 ? { "x-amz-tagging-count": `${Object.keys(object.tags).length}` } : {}),
  };
  if (!checkReadConditions(request.headers, object)) return emptyAnswer(304, { etag: object.etag });
  const range = parseRange(request.headers["range"], object.sizeBytes);
  const { first, last } = range ?? { first: 0, last: object.sizeBytes - 1 };
  const isWhole = last + 1 - first === object.sizeBytes;
  const wanted = isWhole && request.headers["x-amz-checksum-mode"]?.toUpperCase() === "ENABLED";
  const headers = {
    ...base,
    "content-length": `${last + 1 - first}`,
    ...(range && { "content-range": `bytes ${first}-${last}/${object.sizeBytes}` }),
    ...(wanted && checksumHeaders(object.checksum)),
  };
  const pieces = isWhole ? object.pieces : slicePieces(object.pieces, { first, last });
  return { status: range ? 206 : 200, headers, pieces };
}

/** What {@link getObject} answers, without the bytes. */
export function headObject(call: Call): S3Answer {
  return { ...getObject(call), pieces: [] };
}

/** The tags of an object. */
export function getObjectTagging({ key, bucket }: Call): S3Answer {
  const tags = Object.entries(existing(bucket.get(key)).tags);
  return xmlAnswer([
    "Tagging",
    [
      [
        "TagSet",
        tags.map(
          ([name, value]): XmlElement => [
            "Tag",
            [
              ["Key", name],
              ["Value", value],
            ],
          ],
        ),
      ],
    ],
  ]);
}

/** Removes an object; that there is none is no error. */
export function deleteObject({ request, key, bucket }: Call): S3Answer {
  if (request.headers["if-match"] !== undefined) checkWriteConditions(request.headers, bucket.get(key));
  bucket.remove(key);
  return emptyAnswer(204);
}

/** Removes up to 1,000 objects. The body must come with Content-MD5 or a checksum. */
export async function deleteObjects(call: Call): Promise<S3Answer> {
  const body = await call.readBody({ mostBytes: longestXmlBytes });
  if (!body.isProtected)
    throw refused("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  const root = parseXml(Buffer.concat(body.pieces).toString());
  const keys = root.children.filter(({ name }) => name === "Object").map((node) => childText(node, "Key"));
  if (root.name !== "Delete" || keys.length === 0 || keys.length > mostDeletes) throw refused("MalformedXML");
  const isQuiet = childText(root, "Quiet") === "true";
  const results = keys.map((key): XmlElement | undefined => {
    if (key === undefined || key === "") throw refused("MalformedXML");
    const code = call.refuseDelete(key);
    if (code !== undefined)
      return [
        "Error",
        [
          ["Key", key],
          ["Code", code],
          ["Message", refused(code).message],
        ],
      ];
    call.bucket.remove(key);
    return isQuiet ? undefined : ["Deleted", [["Key", key]]];
  });
  return xmlAnswer(["DeleteResult", results]);
}

/** A conditional write during which an object of its key was removed has to be made again. */
export function checkNoRemoval({ request, bucket, key }: Call, removalsBefore: number): void {
  if (request.headers["if-none-match"] === undefined || bucket.removals(key) === removalsBefore) return;
  throw refused("ConditionalRequestConflict", undefined, { elements: { Condition: "If-None-Match" } });
}

/** The checksum as headers of an answer. */
export function checksumHeaders(checksum: StoredChecksum | undefined): Record<string, string> {
  if (!checksum) return {};
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, "x-amz-checksum-type": checksum.type };
}

/** The checksum that the client gave, or the one that S3 makes itself. */
async function checksumToKeep(body: S3Body): Promise<StoredChecksum> {
  const made = body.checksum ?? { algorithm: "crc64nvme", value: await checksumOf("crc64nvme", body.pieces) };
  return { ...made, type: "FULL_OBJECT" };
}

function existing(object: StoredObject | undefined): StoredObject {
  if (!object) throw refused("NoSuchKey");
  return object;
}
