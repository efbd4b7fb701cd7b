import { type S3Answer, xmlAnswer } from "./answers.ts";
import { isAfter, sortedByBytes } from "./bucket.ts";
import { parseMost, speller } from "./listing.ts";
import type { Call } from "./operations.ts";
import { refused } from "./refusals.ts";
import { queryValue } from "./request.ts";
import { etagOfPart } from "./uploads.ts";
import type { XmlElement } from "./xml.ts";

/** Lists uploads in progress, by key and then by when they began, page by page. */
export function listMultipartUploads({ request, uploads, bucketName }: Call): S3Answer {
  const prefix = queryValue(request, "prefix") ?? "";
  const keyMarker = queryValue(request, "key-marker") ?? "";
  const idMarker = queryValue(request, "upload-id-marker") ?? "";
  const most = parseMost(request, "max-uploads");
  const spelled = speller(request);
  if (queryValue(request, "delimiter"))
    throw refused("NotImplemented", "This server lists uploads without a delimiter");

  const wanted = uploads.all().filter(({ key }) => key.startsWith(prefix));
  const sorted = sortedByBytes([...new Set(wanted.map(({ key }) => key))]).flatMap((key) =>
    wanted.filter((upload) => upload.key === key),
  );
  const marked = sorted.findIndex(({ id, key }) => key === keyMarker && id === idMarker);
  const rest =
    idMarker !== "" && marked >= 0
      ? sorted.slice(marked + 1)
      : sorted.filter(({ key }) => keyMarker === "" || isAfter(key, keyMarker));
  const page = rest.slice(0, most);
  const last = page.length < rest.length ? page.at(-1) : undefined;
  return xmlAnswer([
    "ListMultipartUploadsResult",
    [
      ["Bucket", bucketName],
      ["Prefix", spelled(prefix)],
      ["KeyMarker", spelled(keyMarker)],
      ["UploadIdMarker", idMarker],
      last && ["NextKeyMarker", spelled(last.key)],
      last && ["NextUploadIdMarker", last.id],
      ["MaxUploads", most],
      queryValue(request, "encoding-type") === undefined ? undefined : ["EncodingType", "url"],
      ["IsTruncated", last !== undefined],
      ...page.map(
        ({ key, id, startedAt, headers }): XmlElement => [
          "Upload",
          [
            ["Key", spelled(key)],
            ["UploadId", id],
            ["Initiated", new Date(startedAt).toISOString()],
            ["StorageClass", headers["x-amz-storage-class"] ?? "STANDARD"],
          ],
        ],
      ),
    ],
  ]);
}

/** Lists the parts of an upload by their numbers, page by page. */
export function listParts({ request, key, uploads, bucketName }: Call): S3Answer {
  const upload = uploads.get(queryValue(request, "uploadId") ?? "", key);
  const after = Number(queryValue(request, "part-number-marker") ?? 0);
  const most = parseMost(request, "max-parts");
  const rest = [...upload.parts].filter(([number]) => number > after).sort(([a], [b]) => a - b);
  const page = rest.slice(0, most);
  const isCut = page.length < rest.length;
  return xmlAnswer([
    "ListPartsResult",
    [
      ["Bucket", bucketName],
      ["Key", key],
      ["UploadId", upload.id],
      ["PartNumberMarker", after],
      isCut ? ["NextPartNumberMarker", page.at(-1)?.[0] ?? after] : undefined,
      ["MaxParts", most],
      ["IsTruncated", isCut],
      upload.checksum && ["ChecksumAlgorithm", upload.checksum.algorithm.toUpperCase()],
      upload.checksum && ["ChecksumType", upload.checksum.type],
      ...page.map(
        ([number, part]): XmlElement => [
          "Part",
          [
            ["PartNumber", number],
            ["LastModified", new Date(part.modifiedAt).toISOString()],
            ["ETag", etagOfPart(part)],
            ["Size", part.sizeBytes],
            part.checksum && [`Checksum${part.checksum.algorithm.toUpperCase()}`, part.checksum.value],
          ],
        ],
      ),
    ],
  ]);
}
