import { createHash } from "node:crypto";
import { emptyAnswer, type S3Answer, xmlAnswer } from "./answers.ts";
import type { S3Body } from "./body.ts";
import type { StoredChecksum, StoredObject } from "./bucket.ts";
import { type ChecksumAlgorithm, checksumOf, isChecksumAlgorithm } from "./checksums.ts";
import { checkWriteConditions } from "./conditions.ts";
import { encryptionOf, headersToKeep, parseTagging } from "./object-headers.ts";
import { checkNoRemoval } from "./objects.ts";
import type { Call } from "./operations.ts";
import { refused } from "./refusals.ts";
import { queryValue } from "./request.ts";
import { etagOfPart, type Upload, type UploadedPart } from "./uploads.ts";
import { childText, longestXmlBytes, parseXml } from "./xml.ts";

const mostParts = 10_000;

/** Begins an upload in parts. */
export async function createMultipartUpload(call: Call): Promise<S3Answer> {
  const { request, key, bucket, uploads } = call;
  const headers = headersToKeep(request.headers);
  const tags = parseTagging(request.headers["x-amz-tagging"]);
  const checksum = checksumAskedFor(request.headers);
  await call.readBody();
  const upload = uploads.start({ key, startedAt: call.now(), headers, tags, checksum, removals: bucket.removals(key) });
  const told = checksum && {
    "x-amz-checksum-algorithm": checksum.algorithm.toUpperCase(),
    "x-amz-checksum-type": checksum.type,
  };
  return xmlAnswer(
    [
      "InitiateMultipartUploadResult",
      [
        ["Bucket", call.bucketName],
        ["Key", key],
        ["UploadId", upload.id],
      ],
    ],
    { ...encryptionOf(headers), ...told },
  );
}

/** Takes one part; one of the same number takes its place. */
export async function uploadPart(call: Call): Promise<S3Answer> {
  const { request } = call;
  const upload = uploadOf(call);
  const number = Number(queryValue(request, "partNumber"));
  if (!(Number.isInteger(number) && number >= 1 && number <= mostParts)) {
    throw refused("InvalidArgument", `Part number must be an integer between 1 and ${mostParts}, inclusive`, {
      elements: { ArgumentName: "partNumber", ArgumentValue: queryValue(request, "partNumber") ?? "" },
    });
  }
  const body = await call.readBody();
  const { pieces, sizeBytes } = body;
  const checksum = await checksumOfPart(upload, body);
  const part: UploadedPart = { pieces, sizeBytes, digest: body.md5, modifiedAt: call.now(), checksum };
  uploadOf(call).parts.set(number, part);
  const told = checksum && { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value };
  return emptyAnswer(200, { etag: etagOfPart(part), ...told, ...encryptionOf(upload.headers) });
}

/**
 * The checksum that the client gave, if it is of the upload's kind. One that it did not give is made for it if it counts only
 * for the whole object, as real servers do.
 */
async function checksumOfPart(upload: Upload, { checksum, pieces }: S3Body): Promise<UploadedPart["checksum"]> {
  const expected = upload.checksum?.algorithm;
  if (expected === undefined || checksum?.algorithm === expected) return checksum;
  if (!checksum && upload.checksum?.type === "FULL_OBJECT") {
    return { algorithm: expected, value: await checksumOf(expected, pieces) };
  }
  const [wanted, actual] = [expected.toUpperCase(), checksum?.algorithm.toUpperCase() ?? "null"];
  const message = `Checksum Type mismatch occurred, expected checksum Type: ${wanted}, actual checksum Type: ${actual}`;
  throw refused("InvalidRequest", message);
}

/** Makes an object of the parts that the body lists; the others are dropped. Done a second time it gives the first answer. */
export async function completeMultipartUpload(call: Call): Promise<S3Answer> {
  const { request, key, bucket } = call;
  const done = call.uploads.completed(queryValue(request, "uploadId") ?? "", key);
  if (done) return completedAnswer(call, done.etag);
  const upload = uploadOf(call);
  // A checksum among the headers of this request is the object's, not the body's.
  const body = await call.readBody({ checksumsAreOfBody: false, mostBytes: longestXmlBytes });
  const parts = chosenParts(upload, Buffer.concat(body.pieces).toString(), call.minPartBytes);
  const pieces = parts.flatMap((part) => part.pieces);
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  const expectedSize = request.headers["x-amz-mp-object-size"];
  if (expectedSize !== undefined && Number(expectedSize) !== sizeBytes) {
    throw refused(
      "InvalidRequest",
      "The provided 'x-amz-mp-object-size' header value does not match what was computed",
    );
  }
  const checksum = await checksumOfParts(upload, parts, pieces);
  const given = request.headers[`x-amz-checksum-${checksum.algorithm}`];
  if (given !== undefined && given.replace(/-\d+$/, "") !== checksum.value.replace(/-\d+$/, "")) {
    throw refused("BadDigest", `The ${checksum.algorithm} you specified did not match the calculated checksum.`);
  }
  uploadOf(call);
  checkNoRemoval(call, upload.removals);
  checkWriteConditions(request.headers, bucket.get(key));
  const digests = parts.map((part) => part.digest);
  const etag = `"${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-${parts.length}"`;
  const object: StoredObject = {
    pieces,
    sizeBytes,
    etag,
    modifiedAt: call.now(),
    headers: upload.headers,
    checksum,
    tags: upload.tags,
  };
  bucket.put(key, object);
  call.uploads.complete(upload, etag);
  return completedAnswer(call, etag, upload.headers, checksum);
}

function completedAnswer(
  { request, key, bucketName }: Call,
  etag: string,
  headers: Readonly<Record<string, string>> = {},
  checksum?: StoredChecksum,
): S3Answer {
  return xmlAnswer(
    [
      "CompleteMultipartUploadResult",
      [
        ["Location", `http://${request.headers["host"]}/${bucketName}/${encodeURIComponent(key)}`],
        ["Bucket", bucketName],
        ["Key", key],
        ["ETag", etag],
        checksum && [`Checksum${checksum.algorithm.toUpperCase()}`, checksum.value],
        checksum && ["ChecksumType", checksum.type],
      ],
    ],
    encryptionOf(headers),
  );
}

/** Forgets an upload and its parts. */
export function abortMultipartUpload(call: Call): S3Answer {
  call.uploads.remove(uploadOf(call).id);
  return emptyAnswer(204);
}

function uploadOf(call: Call): Upload {
  return call.uploads.get(queryValue(call.request, "uploadId") ?? "", call.key);
}

function checksumAskedFor(headers: Readonly<Record<string, string>>): Upload["checksum"] {
  const algorithm = headers["x-amz-checksum-algorithm"]?.toLowerCase();
  const type = headers["x-amz-checksum-type"]?.toUpperCase();
  if (algorithm === undefined) {
    if (type !== undefined)
      throw refused(
        "InvalidRequest",
        "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
      );
    return undefined;
  }
  if (!isChecksumAlgorithm(algorithm)) {
    throw refused(
      "InvalidRequest",
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    );
  }
  const chosen = type ?? (algorithm === "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE");
  if (chosen !== "FULL_OBJECT" && chosen !== "COMPOSITE")
    throw refused("InvalidRequest", "Value for x-amz-checksum-type header is invalid.");
  const impossible = chosen === "COMPOSITE" ? ["crc64nvme"] : ["sha1", "sha256"];
  if (impossible.includes(algorithm)) {
    throw refused(
      "InvalidRequest",
      `The ${chosen} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    );
  }
  return { algorithm, type: chosen };
}

/** The parts that a list names, if they are all there, in order and large enough. */
function chosenParts(upload: Upload, xml: string, minPartBytes: number): UploadedPart[] {
  const root = parseXml(xml);
  const listed = root.children.filter(({ name }) => name === "Part");
  if (root.name !== "CompleteMultipartUpload" || listed.length === 0 || listed.length > mostParts)
    throw refused("MalformedXML");
  let previous = 0;
  const parts = listed.map((node) => {
    const number = Number(childText(node, "PartNumber"));
    const etag = childText(node, "ETag") ?? "";
    if (!(number > previous)) throw refused(Number.isInteger(number) ? "InvalidPartOrder" : "MalformedXML");
    previous = number;
    const part = upload.parts.get(number);
    const elements = { UploadId: upload.id, PartNumber: `${number}`, ETag: etag };
    if (!part || etag.replaceAll('"', "") !== part.digest.toString("hex"))
      throw refused("InvalidPart", undefined, { elements });
    checkPartChecksum(upload, part, number, (algorithm) => childText(node, `Checksum${algorithm.toUpperCase()}`));
    return { part, elements };
  });
  const small = parts.slice(0, -1).find(({ part }) => part.sizeBytes < minPartBytes);
  if (small) {
    const sizes = { ProposedSize: `${small.part.sizeBytes}`, MinSizeAllowed: `${minPartBytes}` };
    throw refused("EntityTooSmall", undefined, { elements: { ...sizes, ...small.elements } });
  }
  return parts.map(({ part }) => part);
}

function checkPartChecksum(
  upload: Upload,
  part: UploadedPart,
  number: number,
  listed: (algorithm: ChecksumAlgorithm) => string | undefined,
): void {
  const value = part.checksum && listed(part.checksum.algorithm);
  if (value !== undefined && value !== part.checksum?.value) throw refused("InvalidPart");
  if (value === undefined && upload.checksum) {
    throw refused(
      "InvalidRequest",
      `The upload was created using a ${upload.checksum.algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    );
  }
}

async function checksumOfParts(
  upload: Upload,
  parts: readonly UploadedPart[],
  pieces: readonly Uint8Array[],
): Promise<StoredChecksum> {
  const { algorithm, type } = upload.checksum ?? { algorithm: "crc64nvme", type: "FULL_OBJECT" };
  if (type === "FULL_OBJECT") return { algorithm, type, value: await checksumOf(algorithm, pieces) };
  const values = parts.map((part) => Buffer.from(part.checksum?.value ?? "", "base64"));
  return { algorithm, type, value: `${await checksumOf(algorithm, values)}-${parts.length}` };
}
