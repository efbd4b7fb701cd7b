import { Readable } from "node:stream";
import {
  type ChecksumAlgorithm,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryHostileId } from "../../src/arbitraries.ts";
import { refusalOf, startWithClient } from "./sdk-client.ts";

const algorithms: readonly (ChecksumAlgorithm | undefined)[] = [
  undefined,
  "CRC32",
  "CRC32C",
  "CRC64NVME",
  "SHA1",
  "SHA256",
];

test("what is put is got: bytes of any kind under keys of any kind, with every checksum and in streams", async () => {
  await using s3 = await startWithClient();
  const bodies = fc.record({
    key: arbitraryHostileId().filter((id) => id !== "" && id.isWellFormed() && Buffer.byteLength(id) <= 1024),
    bytes: fc.uint8Array({ size: "+1" }),
    isStream: fc.boolean(),
    algorithm: fc.constantFrom(...algorithms),
  });
  await fc.assert(
    fc.asyncProperty(bodies, async ({ key, bytes, isStream, algorithm }) => {
      const place = { Bucket: s3.Bucket, Key: key };
      const Body = isStream ? Readable.from([Buffer.from(bytes)]) : bytes;
      await s3.client.send(
        new PutObjectCommand({
          ...place,
          Body,
          ContentLength: bytes.length,
          ...(algorithm && { ChecksumAlgorithm: algorithm }),
        }),
      );
      expect([...(s3.server.objects.get(key)?.bytes ?? [])]).toEqual([...bytes]);
      const got = await s3.client.send(new GetObjectCommand(place));
      expect([...((await got.Body?.transformToByteArray()) ?? [])]).toEqual([...bytes]);
      expect(s3.server.objects.get(key)?.checksum?.algorithm).toBe((algorithm ?? "CRC32").toLowerCase());
    }),
    { numRuns: 60 },
  );
});

test("checksums may be left out, for stores that know none", async () => {
  await using s3 = await startWithClient(
    {},
    { requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" },
  );
  await s3.client.send(new PutObjectCommand({ Bucket: s3.Bucket, Key: "a", Body: "text" }));
  const got = await s3.client.send(new GetObjectCommand({ Bucket: s3.Bucket, Key: "a" }));
  expect(await got.Body?.transformToString()).toBe("text");
  const names = s3.server.requests.flatMap(({ headers }) =>
    Object.keys(headers).filter((name) => name.includes("checksum")),
  );
  expect([names, s3.server.objects.get("a")?.checksum?.algorithm]).toEqual([[], "crc64nvme"]);
});

test("metadata, tags, encryption and content type come back, and stand in the log", async () => {
  await using s3 = await startWithClient();
  const put = await s3.client.send(
    new PutObjectCommand({
      Bucket: s3.Bucket,
      Key: "a",
      Body: "text",
      ContentType: "application/json",
      ContentEncoding: "gzip",
      Metadata: { run: "r 1" },
      Tagging: "team=sales&kind=x%20y",
      ServerSideEncryption: "aws:kms",
      SSEKMSKeyId: "key-1",
    }),
  );
  const head = await s3.client.send(new HeadObjectCommand({ Bucket: s3.Bucket, Key: "a" }));
  const tags = await s3.client.send(new GetObjectTaggingCommand({ Bucket: s3.Bucket, Key: "a" }));
  expect([put.ServerSideEncryption, put.SSEKMSKeyId, head.ServerSideEncryption, head.SSEKMSKeyId]).toEqual(
    Array(2).fill(["aws:kms", "key-1"]).flat(),
  );
  expect([head.ContentType, head.ContentEncoding, head.ContentLength, head.Metadata]).toEqual([
    "application/json",
    "gzip",
    4,
    { run: "r 1" },
  ]);
  expect(tags.TagSet).toEqual([
    { Key: "team", Value: "sales" },
    { Key: "kind", Value: "x y" },
  ]);
  expect(s3.server.requests[0]?.headers).toMatchObject({
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-meta-run": "r 1",
  });
  expect(JSON.stringify(s3.server.requests)).not.toContain("Signature=");
});

test("a stream of unknown length is no object: it has to be uploaded in parts", async () => {
  await using s3 = await startWithClient({}, { requestChecksumCalculation: "WHEN_REQUIRED" });
  const put = new PutObjectCommand({ Bucket: s3.Bucket, Key: "a", Body: Readable.from([Buffer.from("text")]) });
  expect(await refusalOf(s3.client.send(put))).toBe("501 NotImplemented");
  expect(s3.server.objects.size).toBe(0);
});

test("the coding of the way there is not the object's", async () => {
  await using s3 = await startWithClient();
  for (const ContentEncoding of [undefined, "gzip"]) {
    const Body = Readable.from([Buffer.from("text")]);
    const coding = ContentEncoding === undefined ? {} : { ContentEncoding };
    await s3.client.send(new PutObjectCommand({ Bucket: s3.Bucket, Key: "a", Body, ContentLength: 4, ...coding }));
    expect(s3.server.requests.at(-1)?.headers["content-encoding"]).toContain("aws-chunked");
    expect(s3.server.objects.get("a")?.headers["content-encoding"]).toBe(ContentEncoding);
  }
});

test("a range is that range; one past the end is refused", async () => {
  await using s3 = await startWithClient();
  await s3.client.send(new PutObjectCommand({ Bucket: s3.Bucket, Key: "a", Body: "0123456789" }));
  const read = async (Range: string): Promise<(string | undefined)[]> => {
    const got = await s3.client.send(new GetObjectCommand({ Bucket: s3.Bucket, Key: "a", Range }));
    return [await got.Body?.transformToString(), got.ContentRange];
  };
  expect(await read("bytes=2-4")).toEqual(["234", "bytes 2-4/10"]);
  expect(await read("bytes=7-")).toEqual(["789", "bytes 7-9/10"]);
  expect(await read("bytes=-3")).toEqual(["789", "bytes 7-9/10"]);
  expect(await read("bytes=8-99")).toEqual(["89", "bytes 8-9/10"]);
  expect(await refusalOf(read("bytes=10-"))).toBe("416 InvalidRange");
});

test("of writers that want to be the first exactly one is", async () => {
  await using s3 = await startWithClient();
  const put = (Body: string) =>
    refusalOf(s3.client.send(new PutObjectCommand({ Bucket: s3.Bucket, Key: "a", Body, IfNoneMatch: "*" })));
  const results = await Promise.all(["1", "2", "3", "4", "5"].map(put));
  expect(results.toSorted()).toEqual([...Array(4).fill("412 PreconditionFailed"), "no refusal"]);
});

test("a condition holds when the body is there, not only when it begins to come", async () => {
  await using s3 = await startWithClient();
  const slowPut = (text: string) => {
    const Body = new Readable({ read: () => {} });
    Body.push(text.slice(0, 1));
    const put = new PutObjectCommand({
      Bucket: s3.Bucket,
      Key: "a",
      Body,
      ContentLength: text.length,
      IfNoneMatch: "*",
    });
    const outcome = refusalOf(s3.client.send(put));
    return {
      outcome,
      finish: () => {
        Body.push(text.slice(1));
        Body.push(null);
      },
    };
  };
  const [first, second, third] = [slowPut("first"), slowPut("second"), slowPut("third")];
  await expect.poll(() => s3.server.requests.length).toBe(3);
  second.finish();
  expect(await second.outcome).toBe("no refusal");
  first.finish();
  expect(await first.outcome).toBe("412 PreconditionFailed");
  expect(s3.server.objects.get("a")?.bytes.toString()).toBe("second");
  s3.server.objects.remove("a");
  third.finish();
  expect(await third.outcome).toBe("409 ConditionalRequestConflict");
  expect(s3.server.objects.size).toBe(0);
});

test("If-Match writes and removes only what it names", async () => {
  await using s3 = await startWithClient();
  const place = { Bucket: s3.Bucket, Key: "a" };
  const put = (Body: string, IfMatch?: string) =>
    s3.client.send(new PutObjectCommand({ ...place, Body, ...(IfMatch !== undefined && { IfMatch }) }));
  expect(await refusalOf(put("1", '"abc"'))).toBe("404 NoSuchKey");
  const { ETag = "" } = await put("1");
  expect(await refusalOf(put("2", '"abc"'))).toBe("412 PreconditionFailed");
  expect(await refusalOf(put("2", ETag))).toBe("no refusal");
  expect(await refusalOf(s3.client.send(new GetObjectCommand({ ...place, IfMatch: ETag })))).toBe(
    "412 PreconditionFailed",
  );
  expect(await refusalOf(s3.client.send(new DeleteObjectCommand({ ...place, IfMatch: ETag })))).toBe(
    "412 PreconditionFailed",
  );
});

test("deleting many answers for each, in up to 1,000 at a time", async () => {
  await using s3 = await startWithClient();
  const keys = ["a", "b & <c>", "d\u{1F600}"];
  for (const Key of keys) await s3.client.send(new PutObjectCommand({ Bucket: s3.Bucket, Key, Body: "" }));
  const remove = (names: readonly string[]) =>
    s3.client.send(new DeleteObjectsCommand({ Bucket: s3.Bucket, Delete: { Objects: names.map((Key) => ({ Key })) } }));
  const { Deleted } = await remove([...keys, "never there"]);
  expect(Deleted?.map(({ Key }) => Key)).toEqual([...keys, "never there"]);
  expect(s3.server.objects.size).toBe(0);
  expect(await refusalOf(remove(Array.from({ length: 1001 }, (_, index) => `${index}`)))).toBe("400 MalformedXML");
});

test("what is not there is told: keys, buckets", async () => {
  await using s3 = await startWithClient();
  const { client, Bucket } = s3;
  expect(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key: "a" })))).toBe("404 NoSuchKey");
  expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: "a" })))).toBe("404 NotFound");
  expect(await refusalOf(client.send(new GetObjectCommand({ Bucket: "other", Key: "a" })))).toBe("404 NoSuchBucket");
  expect(await refusalOf(client.send(new HeadBucketCommand({ Bucket: "other" })))).toBe("404 NotFound");
  expect(await refusalOf(client.send(new HeadBucketCommand({ Bucket })))).toBe("no refusal");
  expect(await refusalOf(client.send(new DeleteObjectCommand({ Bucket, Key: "a" })))).toBe("no refusal");
  expect(await refusalOf(client.send(new PutObjectCommand({ Bucket, Key: "ä".repeat(513), Body: "" })))).toBe(
    "400 KeyTooLongError",
  );
});

test("damage behind the server's back is noticed by the client's checksum", async () => {
  await using s3 = await startWithClient();
  const place = { Bucket: s3.Bucket, Key: "a" };
  const read = async () => (await s3.client.send(new GetObjectCommand(place))).Body?.transformToString();
  await s3.client.send(new PutObjectCommand({ ...place, Body: "0123456789" }));
  s3.server.objects.alter("a", 3);
  expect(s3.server.objects.get("a")?.bytes.toString()).toBe("0122456789");
  await expect(read()).rejects.toThrow(/Checksum mismatch/);
  s3.server.objects.truncate("a");
  expect(s3.server.objects.get("a")?.bytes.toString()).toBe("01224");
  expect(s3.server.objects.remove("a")).toBe(true);
  expect(() => s3.server.objects.alter("a")).toThrow(expect.objectContaining({ code: "TEST_S3_OBJECT_MISSING" }));
});
