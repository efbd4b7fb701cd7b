import { crc32 } from "node:zlib";
import {
  DeleteObjectsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { clientOf, refusalOf, startWithClient } from "./sdk-client.ts";

interface Wire {
  headers: Record<string, string>;
  body: unknown;
  query: Record<string, string>;
  path: string;
}

/** A client whose requests are changed before they are signed. */
function clientThat(s3: Awaited<ReturnType<typeof startWithClient>>, change: (request: Wire) => void): S3Client {
  const client = clientOf(s3.server, { requestChecksumCalculation: "WHEN_REQUIRED" });
  client.middlewareStack.add(
    (next) => (args) => {
      change(args.request as Wire);
      return next(args);
    },
    { step: "build", priority: "low" },
  );
  return client;
}

function crcOf(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString("base64");
}

const trailered = {
  "content-encoding": "aws-chunked",
  "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
  "x-amz-decoded-content-length": "4",
  "x-amz-trailer": "x-amz-checksum-crc32",
};
const crc = "x-amz-checksum-crc32:O4unxw==\r\n";
const hash = "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1";

test.each<[string, Record<string, string>, string, string]>([
  ["a whole body in one chunk", trailered, `4\r\ntext\r\n0\r\n${crc}\r\n`, "no refusal"],
  ["a whole body in several chunks", trailered, `1\r\nt\r\n3\r\next\r\n0\r\n${crc}\r\n`, "no refusal"],
  ["another checksum", trailered, "4\r\ntext\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "400 BadDigest"],
  ["a checksum that is none", trailered, "4\r\ntext\r\n0\r\nx-amz-checksum-crc32:AA\r\n\r\n", "400 InvalidRequest"],
  [
    "another trailer than was said",
    trailered,
    "4\r\ntext\r\n0\r\nx-amz-checksum-sha1:AA\r\n\r\n",
    "400 InvalidRequest",
  ],
  ["a missing trailer", trailered, "4\r\ntext\r\n0\r\n\r\n", "400 InvalidRequest"],
  ["a missing last chunk", trailered, "4\r\ntext\r\n", "400 IncompleteBody"],
  ["a missing end", trailered, `4\r\ntext\r\n0\r\n${crc}`, "400 IncompleteBody"],
  ["a chunk that is shorter than it says", trailered, `5\r\ntext\r\n0\r\n${crc}\r\n`, "400 IncompleteBody"],
  ["a chunk that is longer than it says", trailered, `3\r\ntext\r\n0\r\n${crc}\r\n`, "400 IncompleteBody"],
  [
    "more than was said",
    { ...trailered, "x-amz-decoded-content-length": "3" },
    `4\r\ntext\r\n0\r\n${crc}\r\n`,
    "400 IncompleteBody",
  ],
  [
    "less than was said",
    { ...trailered, "x-amz-decoded-content-length": "5" },
    `4\r\ntext\r\n0\r\n${crc}\r\n`,
    "400 IncompleteBody",
  ],
  ["bytes after the end", trailered, `4\r\ntext\r\n0\r\n${crc}\r\nmore`, "400 IncompleteBody"],
  ["a head without an end", trailered, "4".repeat(10_000), "400 IncompleteBody"],
  [
    "chunks that are signed where none should be",
    trailered,
    `4;chunk-signature=${hash}\r\ntext\r\n0\r\n\r\n`,
    "400 IncompleteBody",
  ],
  [
    "a trailer that no checksum is",
    { ...trailered, "x-amz-trailer": "x-amz-meta-a" },
    "0\r\n\r\n",
    "400 InvalidRequest",
  ],
  [
    "a hash of other bytes",
    { "x-amz-content-sha256": hash.replace("98", "99") },
    "text",
    "400 XAmzContentSHA256Mismatch",
  ],
  ["a hash that is none", { "x-amz-content-sha256": "abc" }, "text", "400 InvalidArgument"],
  ["an unsigned payload", { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }, "text", "no refusal"],
  ["two checksums", { "x-amz-checksum-crc32": "O4unxw==", "x-amz-checksum-sha1": "" }, "text", "400 InvalidRequest"],
  ["a promised checksum that is not there", { "x-amz-sdk-checksum-algorithm": "CRC32" }, "text", "400 InvalidRequest"],
  ["a digest that is none", { "content-md5": "abc" }, "text", "400 InvalidDigest"],
  ["a digest of other bytes", { "content-md5": "1B2M2Y8AsgTpgAmY7PhCfg==" }, "text", "400 BadDigest"],
  ["the digest", { "content-md5": "HLJR7A1WjeapKbUgxK7Y0Q==" }, "text", "no refusal"],
  ["metadata past 2 KB", { "x-amz-meta-a": "a".repeat(2048) }, "text", "400 MetadataTooLarge"],
  ["headers past 8 KB", { "x-amz-website-redirect-location": "a".repeat(9000) }, "text", "400 BadRequest"],
  ["more than the server takes", {}, "a".repeat(2000), "400 EntityTooLarge"],
  ["a copy", { "x-amz-copy-source": "/millrace-test/a" }, "", "501 NotImplemented"],
  ["a public ACL", { "x-amz-acl": "public-read" }, "text", "400 AccessControlListNotSupported"],
  ["keys of one's own", { "x-amz-server-side-encryption-customer-algorithm": "AES256" }, "text", "400 InvalidRequest"],
])("a put with %s", async (_, headers, body, refusal) => {
  await using s3 = await startWithClient({ maxBodyBytes: 1000 });
  const client = clientThat(s3, (request) => {
    request.body = body;
    for (const name of Object.keys(request.headers)) if (name === "content-length") delete request.headers[name];
    Object.assign(request.headers, headers, { "content-length": `${Buffer.byteLength(body)}` });
  });
  const put = new PutObjectCommand({ Bucket: s3.Bucket, Key: "a", Body: "text" });
  expect(await refusalOf(client.send(put))).toBe(refusal);
  expect(s3.server.objects.get("a")?.bytes.toString()).toBe(refusal === "no refusal" ? "text" : undefined);
  client.destroy();
});

test("a bulk delete needs something that tells altered bytes", async () => {
  await using s3 = await startWithClient();
  const client = clientThat(s3, ({ headers }) => {
    for (const name of Object.keys(headers)) if (/checksum|md5/i.test(name)) delete headers[name];
  });
  const bulk = new DeleteObjectsCommand({ Bucket: s3.Bucket, Delete: { Objects: [{ Key: "a" }] } });
  expect(await refusalOf(client.send(bulk))).toBe("400 InvalidRequest");
  expect(await refusalOf(s3.client.send(bulk))).toBe("no refusal");
  client.destroy();
});

test.each<[string, string]>([
  ["", "400 MalformedXML"],
  ["<Delete><Object><Key>a</Key></Object>", "400 MalformedXML"],
  ["<Delete><Object><Key>a</Wrong></Object></Delete>", "400 MalformedXML"],
  ["<Delete><Object><Key>&nothing;</Key></Object></Delete>", "400 MalformedXML"],
  ["<Delete><Object></Object></Delete>", "400 MalformedXML"],
  ["<Other><Object><Key>a</Key></Object></Other>", "400 MalformedXML"],
  ['<!DOCTYPE x [<!ENTITY e "a">]><Delete><Object><Key>&e;</Key></Object></Delete>', "400 MalformedXML"],
  ["<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>", "400 MalformedXML"],
  [`<Delete>${" ".repeat(4 * 2 ** 20)}</Delete>`, "400 EntityTooLarge"],
  [
    '<?xml version="1.0"?><!-- a --><d:Delete xmlns:d="x">\n<d:Object><d:Key>&#x61;&#98;&lt;</d:Key></d:Object></d:Delete>',
    "no refusal",
  ],
])("a bulk delete of %#", async (xml, refusal) => {
  await using s3 = await startWithClient();
  s3.server.objects.put("ab<", Buffer.from("x"));
  const client = clientThat(s3, (request) => {
    request.body = xml;
    for (const name of Object.keys(request.headers))
      if (/checksum|^content-length/i.test(name)) delete request.headers[name];
    request.headers["content-length"] = `${Buffer.byteLength(xml)}`;
    request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
    request.headers["x-amz-checksum-crc32"] = crcOf(xml);
  });
  const bulk = new DeleteObjectsCommand({ Bucket: s3.Bucket, Delete: { Objects: [{ Key: "a" }] } });
  expect(await refusalOf(client.send(bulk))).toBe(refusal);
  expect(s3.server.objects.size).toBe(refusal === "no refusal" ? 0 : 1);
  client.destroy();
});

test("what the server does not have is never half done", async () => {
  await using s3 = await startWithClient();
  expect(await refusalOf(s3.client.send(new ListObjectsCommand({ Bucket: s3.Bucket })))).toBe("501 NotImplemented");
  const versioned = clientThat(s3, ({ query }) => Object.assign(query, { versionId: "1" }));
  const put = new PutObjectCommand({ Bucket: s3.Bucket, Key: "a", Body: "text" });
  expect(await refusalOf(versioned.send(put))).toBe("501 NotImplemented");
  expect(s3.server.objects.size).toBe(0);
  versioned.destroy();
});

test("the bucket may be named by the host", async () => {
  await using s3 = await startWithClient();
  const client = clientThat(s3, (request) => {
    request.headers["host"] = `${s3.Bucket}.localhost:${new URL(s3.server.endpoint).port}`;
    request.path = request.path.replace(`/${s3.Bucket}`, "") || "/";
  });
  await client.send(new PutObjectCommand({ Bucket: s3.Bucket, Key: "a/b", Body: "text" }));
  const list = await client.send(new ListObjectsV2Command({ Bucket: s3.Bucket }));
  expect([s3.server.objects.keys(), list.Contents?.map(({ Key }) => Key)]).toEqual([["a/b"], ["a/b"]]);
  client.destroy();
});
