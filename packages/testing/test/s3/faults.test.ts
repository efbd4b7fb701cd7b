import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { type S3Fault, type S3Operation, s3Quirks } from "../../src/s3.ts";
import { clientOf, refusalOf, startWithClient } from "./sdk-client.ts";

const Key = "a";
const text = "0123456789".repeat(100);

/** A server that has an object, meets one request with a fault, and the calls that a test makes. */
async function startFaulty(fault: S3Fault, on?: S3Operation) {
  const s3 = await startWithClient();
  const { server, client, Bucket } = s3;
  server.objects.put(Key, Buffer.from(text));
  server.faults = [{ fault, at: 1, ...(on && { on }) }];
  const get = async () => (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
  const put = (Body = "new", name = Key) => client.send(new PutObjectCommand({ Bucket, Key: name, Body }));
  return { ...s3, get, put };
}

test.each<[S3Fault, string, string]>([
  [{ kind: "drop", when: "before" }, ".*(ECONNRESET|socket hang up)", text],
  [{ kind: "drop", when: "mid-request" }, ".*(ECONNRESET|socket hang up)", text],
  [{ kind: "drop", when: "after" }, ".*(ECONNRESET|socket hang up)", "new"],
  [{ kind: "refuse", code: "SlowDown" }, "503 SlowDown", text],
  [{ kind: "refuse", code: "InternalError", when: "after" }, "500 InternalError", "new"],
  [{ kind: "refuse", code: "AccessDenied" }, "403 AccessDenied", text],
  [{ kind: "refuse", code: "NoSuchBucket" }, "404 NoSuchBucket", text],
  [{ kind: "refuse", code: "ConditionalRequestConflict" }, "409 ConditionalRequestConflict", text],
  [{ kind: "redirect", region: "eu-west-1", status: 307 }, "307 TemporaryRedirect", text],
  [{ kind: "answer", status: 502, body: "<html>Bad Gateway</html>" }, "502 .*", text],
])("a put that meets %j fails and leaves what it says", async (fault, refusal, stored) => {
  await using s3 = await startFaulty(fault);
  expect(await refusalOf(s3.put())).toMatch(new RegExp(`^(${refusal})$`));
  expect(s3.server.objects.get(Key)?.bytes.toString()).toBe(stored);
  expect(s3.server.requests.map((request) => request.fault)).toEqual([fault.kind]);
  expect(await refusalOf(s3.put("second"))).toBe("no refusal");
});

test.each<[S3Fault, RegExp]>([
  [{ kind: "drop", when: "mid-answer" }, /aborted|ECONNRESET/],
  [{ kind: "truncate" }, /aborted|ECONNRESET/],
  [{ kind: "truncate", sizeBytes: 0 }, /aborted|ECONNRESET/],
  [{ kind: "truncate", isHonest: true }, /Checksum mismatch/],
  [{ kind: "alter" }, /Checksum mismatch/],
  [{ kind: "alter", at: 999 }, /Checksum mismatch/],
  [{ kind: "wrong checksum" }, /Checksum mismatch/],
])("a get that meets %j is noticed by the client", async (fault, message) => {
  await using s3 = await startFaulty(fault);
  await expect(s3.get()).rejects.toThrow(message);
  expect(await s3.get()).toBe(text);
});

test("a client without checksums takes altered and shortened bytes for right", async () => {
  await using s3 = await startFaulty({ kind: "alter", at: 0 });
  const trusting = clientOf(s3.server, { responseChecksumValidation: "WHEN_REQUIRED" });
  const got = await trusting.send(new GetObjectCommand({ Bucket: s3.Bucket, Key }));
  expect(await got.Body?.transformToString()).toBe(`1${text.slice(1)}`);
  trusting.destroy();
});

test.each<[number | string]>([[3], ["Sat, 21 Nov 2026 17:00:00 GMT"]])(
  "Retry-After %s is told with a refusal",
  async (retryAfter) => {
    await using s3 = await startFaulty({ kind: "refuse", code: "TooManyRequests", retryAfter });
    const error = (await s3.put().catch((thrown: unknown) => thrown)) as {
      $response?: { headers: object; statusCode: number };
    };
    expect([error.$response?.statusCode, error.$response?.headers]).toMatchObject([
      429,
      { "retry-after": `${retryAfter}` },
    ]);
  },
);

test("a request that hangs goes on when it is released", async () => {
  await using s3 = await startFaulty({ kind: "hang", when: "before" });
  const pending = s3.put();
  await expect.poll(() => s3.server.hanging).toBe(1);
  expect(s3.server.objects.get(Key)?.bytes.toString()).toBe(text);
  s3.server.release();
  await pending;
  expect([s3.server.hanging, s3.server.objects.get(Key)?.bytes.toString()]).toEqual([0, "new"]);
});

test.each<["before" | "after" | "mid-answer", string]>([
  ["before", text],
  ["after", "new"],
  ["mid-answer", text],
])("a client that leaves a request hanging %s leaves what it says", async (when, stored) => {
  await using s3 = await startFaulty({ kind: "hang", when });
  const stop = new AbortController();
  const pending =
    when === "mid-answer"
      ? s3.get()
      : s3.client.send(new PutObjectCommand({ Bucket: s3.Bucket, Key, Body: "new" }), { abortSignal: stop.signal });
  const outcome = refusalOf(pending);
  await expect.poll(() => s3.server.hanging).toBe(1);
  if (when === "mid-answer") s3.client.destroy();
  else stop.abort();
  await outcome;
  await expect.poll(() => s3.server.hanging).toBe(0);
  expect(s3.server.objects.get(Key)?.bytes.toString()).toBe(stored);
});

test("a delete whose client has left is not carried out", async () => {
  await using s3 = await startFaulty({ kind: "hang", when: "before" });
  const stop = new AbortController();
  const remove = new DeleteObjectCommand({ Bucket: s3.Bucket, Key });
  const outcome = refusalOf(s3.client.send(remove, { abortSignal: stop.signal }));
  await expect.poll(() => s3.server.hanging).toBe(1);
  stop.abort();
  await outcome;
  await expect.poll(() => s3.server.hanging).toBe(0);
  expect(await s3.get()).toBe(text);
});

test("closing ends what hangs", async () => {
  await using s3 = await startFaulty({ kind: "hang", when: "before" });
  const outcome = refusalOf(s3.put());
  await expect.poll(() => s3.server.hanging).toBe(1);
  await s3.server.close();
  expect(await outcome).toMatch(/ECONNRESET|hang up/);
  expect(s3.server.objects.get(Key)?.bytes.toString()).toBe(text);
});

test("a refusal may come with the status of success, as when an upload is completed", async () => {
  await using s3 = await startFaulty({ kind: "refuse", code: "InternalError", status: 200 }, "CompleteMultipartUpload");
  const place = { Bucket: s3.Bucket, Key };
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(place));
  const completed = s3.client.send(
    new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts: [] } }),
  );
  expect(await refusalOf(completed)).toMatch(/InternalError/);
});

test("of a bulk delete some keys may fail, and are still there", async () => {
  await using s3 = await startFaulty({
    kind: "refuse deletes",
    codeOf: (key) => (key === "b" ? "InternalError" : undefined),
  });
  s3.server.objects.put("b", Buffer.from("b"));
  const Objects = [{ Key }, { Key: "b" }];
  const result = await s3.client.send(new DeleteObjectsCommand({ Bucket: s3.Bucket, Delete: { Objects } }));
  expect([result.Deleted, result.Errors]).toMatchObject([[{ Key }], [{ Key: "b", Code: "InternalError" }]]);
  expect(s3.server.objects.keys()).toEqual(["b"]);
});

test("rules choose by operation, key, count and what else a request has; the first that fits counts", async () => {
  await using s3 = await startFaulty({ kind: "refuse", code: "SlowDown" });
  s3.server.faults = [
    { on: ["PutObject", "HeadObject"], key: /^b/, at: [2, 3], fault: { kind: "refuse", code: "SlowDown" } },
    { if: ({ headers }) => headers["x-amz-meta-x"] !== undefined, fault: { kind: "refuse", code: "AccessDenied" } },
    { key: "c", fault: { kind: "refuse", code: "NoSuchBucket" } },
  ];
  const names = ["b1", "a", "b2", "b3", "b4", "c"];
  const results: string[] = [];
  for (const name of names) results.push(await refusalOf(s3.put("x", name)));
  const fine = "no refusal";
  expect(results).toEqual([fine, fine, "503 SlowDown", "503 SlowDown", fine, "404 NoSuchBucket"]);
  const marked = new PutObjectCommand({ Bucket: s3.Bucket, Key: "z", Body: "", Metadata: { x: "1" } });
  expect(await refusalOf(s3.client.send(marked))).toBe("403 AccessDenied");
  expect(s3.server.requests.slice(0, 3).map(({ status }) => status)).toEqual([200, 200, 503]);

  s3.server.faults = ({ number }) => (number % 2 === 0 ? { kind: "refuse", code: "SlowDown" } : undefined);
  const next = [await refusalOf(s3.put()), await refusalOf(s3.put())];
  expect(next).toEqual(["503 SlowDown", fine]);
});

test("the SDK's own retries come through what passes", async () => {
  await using s3 = await startFaulty({ kind: "refuse", code: "SlowDown" });
  s3.server.faults = [
    { at: 1, fault: { kind: "drop", when: "after" } },
    { at: 2, fault: { kind: "refuse", code: "InternalError" } },
  ];
  const patient = clientOf(s3.server, { maxAttempts: 3 });
  await patient.send(new PutObjectCommand({ Bucket: s3.Bucket, Key, Body: "third" }));
  expect(s3.server.requests.map(({ status }) => status)).toEqual([undefined, 500, 200]);
  patient.destroy();
});

test("stores that know less than S3: each refuses or ignores what it does not know, and does the rest", async () => {
  await using s3 = await startFaulty({ kind: "refuse", code: "SlowDown" });
  const { server, client, Bucket } = s3;
  const older = clientOf(server, { requestChecksumCalculation: "WHEN_REQUIRED" });
  const plain = new PutObjectCommand({ Bucket, Key, Body: "plain" });
  const conditional = new PutObjectCommand({ Bucket, Key, Body: "conditional", IfNoneMatch: "*" });
  const bulk = new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "none" }] } });

  server.faults = [s3Quirks.refusesChecksums];
  expect([await refusalOf(client.send(plain)), await refusalOf(older.send(plain))]).toEqual([
    "501 NotImplemented",
    "no refusal",
  ]);
  server.faults = [s3Quirks.refusesConditions];
  expect([await refusalOf(client.send(conditional)), await refusalOf(client.send(plain))]).toEqual([
    "501 NotImplemented",
    "no refusal",
  ]);
  server.faults = [s3Quirks.ignoresConditions];
  expect(await refusalOf(client.send(conditional))).toBe("no refusal");
  server.faults = [s3Quirks.wantsContentMd5];
  expect(await refusalOf(client.send(bulk))).toBe("400 InvalidRequest");
  server.faults = [s3Quirks.refusesBulkDelete];
  expect(await refusalOf(client.send(bulk))).toBe("501 NotImplemented");
  server.faults = [s3Quirks.tellsNoChecksums];
  const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
  expect([head.ContentLength, head.ChecksumCRC32]).toEqual(["conditional".length, undefined]);
  server.faults = [];
  expect(await refusalOf(client.send(new ListObjectsV2Command({ Bucket })))).toBe("no refusal");
  older.destroy();
});
