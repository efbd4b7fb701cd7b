import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  paginateListParts,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { expect, test } from "vitest";
import { refusalOf, startWithClient } from "./sdk-client.ts";

type Client = Awaited<ReturnType<typeof startWithClient>>;
const mebi = 2 ** 20;

/** Begins an upload and gives what its steps need. */
async function begin({ client, Bucket }: Client, Key: string, options: object = {}) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...options }));
  const place = { Bucket, Key, UploadId };
  return {
    place,
    part: async (PartNumber: number, Body: Uint8Array | string): Promise<CompletedPart> => {
      const done = await client.send(new UploadPartCommand({ ...place, PartNumber, Body }));
      return { PartNumber, ETag: done.ETag, ChecksumCRC32: done.ChecksumCRC32 };
    },
    complete: (Parts: CompletedPart[], more: object = {}) =>
      client.send(new CompleteMultipartUploadCommand({ ...place, MultipartUpload: { Parts }, ...more })),
  };
}

test("lib-storage uploads a stream of unknown length in parts, whatever the checksum", async () => {
  await using s3 = await startWithClient({}, { requestChecksumCalculation: "WHEN_SUPPORTED" });
  const bytes = Buffer.alloc(12 * mebi + 7, "0123456789abcdefghijklmnopqrstuvwxyz-");
  for (const algorithm of [undefined, "SHA256"] as const) {
    const pieces = Readable.from(
      Array.from({ length: 100 }, (_, index) =>
        bytes.subarray((index * bytes.length) / 100, ((index + 1) * bytes.length) / 100),
      ),
    );
    const params = {
      Bucket: s3.Bucket,
      Key: "big",
      Body: pieces,
      ServerSideEncryption: "AES256" as const,
      ...(algorithm && { ChecksumAlgorithm: algorithm }),
    };
    await new Upload({ client: s3.client, params }).done();
    const got = await s3.client.send(new GetObjectCommand({ Bucket: s3.Bucket, Key: "big" }));
    expect(bytes.equals((await got.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
    expect(got.ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
    expect(got.ServerSideEncryption).toBe("AES256");
    expect(s3.server.objects.get("big")?.checksum?.algorithm).toBe((algorithm ?? "CRC32").toLowerCase());
  }
  expect(s3.server.uploads).toEqual([]);
});

test("an upload whose source fails is aborted and leaves nothing", async () => {
  await using s3 = await startWithClient();
  async function* source(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(6 * mebi);
    throw new Error("the source is gone");
  }
  const upload = new Upload({
    client: s3.client,
    params: { Bucket: s3.Bucket, Key: "a", Body: Readable.from(source()) },
  });
  await expect(upload.done()).rejects.toThrow();
  expect([s3.server.uploads, s3.server.objects.size]).toEqual([[], 0]);
});

test("parts are put together in their order, and only those that are listed", async () => {
  await using s3 = await startWithClient({ minPartBytes: 1 });
  const upload = await begin(s3, "a", { ChecksumAlgorithm: "CRC32" });
  const parts = [
    await upload.part(7, "seven"),
    await upload.part(2, "two"),
    await upload.part(4, "four"),
    await upload.part(2, "TWO"),
  ];
  const [seven, , , two] = parts;
  const done = await upload.complete([two ?? {}, seven ?? {}]);
  expect(s3.server.objects.get("a")?.bytes.toString()).toBe("TWOseven");
  expect(done.ETag).toMatch(/-2"$/);
  expect([done.ChecksumCRC32, done.ChecksumType]).toEqual([expect.stringMatching(/-2$/), "COMPOSITE"]);
});

test("what cannot be completed is refused and stays as it was; what is completed may be so twice", async () => {
  await using s3 = await startWithClient();
  const upload = await begin(s3, "a", { ChecksumAlgorithm: "CRC32" });
  const one = await upload.part(1, "small");
  const two = await upload.part(2, "also small");
  expect(await refusalOf(upload.complete([two, one]))).toBe("400 InvalidPartOrder");
  expect(await refusalOf(upload.complete([one, two]))).toBe("400 EntityTooSmall");
  expect(await refusalOf(upload.complete([one, { ...two, PartNumber: 3 }]))).toBe("400 InvalidPart");
  expect(await refusalOf(upload.complete([{ ...one, ETag: two.ETag }]))).toBe("400 InvalidPart");
  expect(await refusalOf(upload.complete([{ ...one, ChecksumCRC32: two.ChecksumCRC32 }]))).toBe("400 InvalidPart");
  expect(await refusalOf(upload.complete([{ PartNumber: 1, ETag: one.ETag }]))).toBe("400 InvalidRequest");
  expect(await refusalOf(upload.complete([]))).toBe("400 MalformedXML");
  expect(await refusalOf(upload.part(10_001, "x"))).toBe("400 InvalidArgument");
  expect(s3.server.uploads).toMatchObject([
    {
      key: "a",
      parts: [
        { number: 1, sizeBytes: 5 },
        { number: 2, sizeBytes: 10 },
      ],
    },
  ]);
  expect(await refusalOf(upload.complete([two]))).toBe("no refusal");
  expect((await upload.complete([two])).ETag).toBe(s3.server.objects.get("a")?.etag);
});

test("the condition of an upload counts when it is completed", async () => {
  await using s3 = await startWithClient({ minPartBytes: 1 });
  const [first, second] = [await begin(s3, "a"), await begin(s3, "a")];
  const parts = [await first.part(1, "first"), await second.part(1, "second")];
  expect(await refusalOf(second.complete(parts.slice(1), { IfNoneMatch: "*" }))).toBe("no refusal");
  expect(await refusalOf(first.complete(parts.slice(0, 1), { IfNoneMatch: "*" }))).toBe("412 PreconditionFailed");
  s3.server.objects.remove("a");
  expect(await refusalOf(first.complete(parts.slice(0, 1), { IfNoneMatch: "*" }))).toBe(
    "409 ConditionalRequestConflict",
  );
  expect(s3.server.uploads).toHaveLength(1);
});

test("a checksum of the whole object is the same however it was cut into parts", async () => {
  await using s3 = await startWithClient({ minPartBytes: 1 });
  for (const texts of [
    ["one", "two"],
    ["o", "netwo"],
  ]) {
    const upload = await begin(s3, texts.join("|"), { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" });
    const parts = [await upload.part(1, texts[0] ?? ""), await upload.part(2, texts[1] ?? "")];
    await upload.complete(parts);
  }
  const sums = s3.server.objects.keys().map((key) => s3.server.objects.get(key)?.checksum);
  expect(sums[0]).toEqual(sums[1]);
  const head = await s3.client.send(
    new HeadObjectCommand({ Bucket: s3.Bucket, Key: "one|two", ChecksumMode: "ENABLED" }),
  );
  expect([head.ChecksumCRC32, head.ChecksumType]).toEqual([sums[0]?.value, "FULL_OBJECT"]);
});

test("a part without the checksum of its upload is refused, unless only that of the whole counts", async () => {
  await using s3 = await startWithClient({}, { requestChecksumCalculation: "WHEN_REQUIRED" });
  const composite = await begin(s3, "a", { ChecksumAlgorithm: "CRC32" });
  expect(await refusalOf(composite.part(1, "text"))).toBe("400 InvalidRequest");
  const whole = await begin(s3, "a", { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" });
  const part = await whole.part(1, "text");
  expect(part.ChecksumCRC32).toBe("O4unxw==");
  expect((await whole.complete([part])).ChecksumCRC32).toBe("O4unxw==");
});

test("uploads and their parts are listed page by page, and gone when they are aborted", async () => {
  await using s3 = await startWithClient({ minPartBytes: 1 });
  const uploads = [];
  for (const key of ["b", "a", "p/1", "p/2", "a"]) uploads.push(await begin(s3, key));
  const found: (string | undefined)[] = [];
  let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (let isTruncated: boolean | undefined = true; isTruncated; ) {
    const page = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: s3.Bucket, MaxUploads: 2, ...marker }));
    found.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId));
    marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    isTruncated = page.IsTruncated;
  }
  const [b, a, p1, p2, later] = uploads.map(({ place }) => place.UploadId);
  expect(found).toEqual([a, later, b, p1, p2]);
  const afterA = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: s3.Bucket, KeyMarker: "a" }));
  expect(afterA.Uploads?.map(({ UploadId }) => UploadId)).toEqual([b, p1, p2]);
  const below = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: s3.Bucket, Prefix: "p/" }));
  expect(below.Uploads?.map(({ Key }) => Key)).toEqual(["p/1", "p/2"]);

  for (const number of [3, 1, 2]) await uploads[0]?.part(number, "x".repeat(number));
  const place = { Bucket: s3.Bucket, Key: "b", UploadId: b };
  const sizes: (number | undefined)[] = [];
  for await (const page of paginateListParts({ client: s3.client, pageSize: 2 }, place)) {
    sizes.push(...(page.Parts ?? []).map(({ Size }) => Size));
  }
  expect(sizes).toEqual([1, 2, 3]);
  expect(await refusalOf(s3.client.send(new AbortMultipartUploadCommand(place)))).toBe("no refusal");
  expect(await refusalOf(s3.client.send(new AbortMultipartUploadCommand(place)))).toBe("404 NoSuchUpload");
  expect(s3.server.uploads).toHaveLength(4);
});
