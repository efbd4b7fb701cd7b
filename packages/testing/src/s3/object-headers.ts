import { refused } from "./refusals.ts";

const kept = [
  "content-type",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
  "x-amz-storage-class",
  "x-amz-website-redirect-location",
];
const encryption = "x-amz-server-side-encryption";
const encryptionHeaders = [
  encryption,
  `${encryption}-aws-kms-key-id`,
  `${encryption}-context`,
  `${encryption}-bucket-key-enabled`,
];
const notImplemented = [
  "x-amz-copy-source",
  "x-amz-object-lock-mode",
  "x-amz-object-lock-legal-hold",
  "x-amz-write-offset-bytes",
];

/** What of a request's headers an object keeps: content type, metadata, encryption. Throws what S3 says to impossible ones. */
export function headersToKeep(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const name of notImplemented) {
    if (headers[name] !== undefined) throw refused("NotImplemented", undefined, { elements: { Header: name } });
  }
  checkAcl(headers["x-amz-acl"]);
  checkEncryption(headers);
  const result: Record<string, string> = { "content-type": "binary/octet-stream" };
  for (const [name, value] of Object.entries(headers)) {
    if (kept.includes(name) || encryptionHeaders.includes(name) || name.startsWith("x-amz-meta-")) result[name] = value;
  }
  const coding = result["content-encoding"]
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "aws-chunked");
  delete result["content-encoding"];
  if (coding && coding.length > 0) result["content-encoding"] = coding.join(",");
  return result;
}

/** The headers of encryption among these: what answers to writes repeat. */
export function encryptionOf(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => encryptionHeaders.includes(name)));
}

/** The tags of the header `x-amz-tagging`. */
export function parseTagging(text: string | undefined): Readonly<Record<string, string>> {
  const tags = [...new URLSearchParams(text ?? "")];
  if (tags.length > 10) throw refused("BadRequest", "Object tags cannot be greater than 10");
  if (tags.some(([name, value]) => name === "" || name.length > 128 || value.length > 256)) throw refused("InvalidTag");
  if (new Set(tags.map(([name]) => name)).size < tags.length) throw refused("InvalidTag");
  return Object.fromEntries(tags);
}

function checkAcl(acl: string | undefined): void {
  if (acl !== undefined && acl !== "private" && acl !== "bucket-owner-full-control") {
    throw refused("AccessControlListNotSupported");
  }
}

function checkEncryption(headers: Readonly<Record<string, string>>): void {
  if (Object.keys(headers).some((name) => name.startsWith(`${encryption}-customer-`))) {
    throw refused(
      "InvalidRequest",
      "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.",
    );
  }
  const name = headers[encryption];
  if (name !== undefined && !["AES256", "aws:kms", "aws:kms:dsse"].includes(name)) {
    throw refused("InvalidArgument", "The encryption method specified is not supported", {
      elements: { ArgumentName: encryption, ArgumentValue: name },
    });
  }
  if (headers[`${encryption}-aws-kms-key-id`] !== undefined && !name?.startsWith("aws:kms")) {
    throw refused(
      "InvalidArgument",
      "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
    );
  }
}
