import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { inspect } from "node:util";
import { isMillraceError, type XComEnvelope } from "@millrace/core/plugin";
import { type S3FaultPlan, s3Quirks } from "@millrace/testing/s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type S3Options, s3 } from "../src/index.ts";
import { codeOf } from "./memory-port.ts";
import { addressOf, isRealServer, type WireStore, wireStore } from "./wire-store.ts";

const mebibyte = 1_048_576;
const address = addressOf("rows");
const small = bytesOf(10_000);
const large = bytesOf(10 * mebibyte + 1);

/** What only the server in this process can be made to do. */
const onOwnServer = test.skipIf(isRealServer);

/** Pauses of no length: waits are the business of other tests. */
const randomness = () => {
  let drawn = 0;
  return { hex: (count: number) => (count === 4 ? "00000000" : (++drawn).toString(16).padStart(count * 2, "0")) };
};

let store: WireStore;
beforeEach(async () => {
  store = await wireStore();
});
afterEach(() => store.close());

const placeWith = (options: Partial<S3Options> = {}) => s3({ ...store.options, randomness: randomness(), ...options });

async function put(place = placeWith(), bytes = small): Promise<XComEnvelope> {
  return (await place.put(bytes, address, undefined)) as XComEnvelope;
}

/** Bytes that differ from part to part, and that no faulty cut gives back by chance. */
function bytesOf(sizeBytes: number): Buffer {
  const seed = createHash("sha512").update(String(sizeBytes)).digest();
  const bytes = Buffer.alloc(sizeBytes, seed);
  for (let at = 0; at + 4 < sizeBytes; at += 65_536) bytes.writeUInt32LE(at, at);
  return bytes;
}

/** A stream of pieces. */
function sourceOf(bytes: Uint8Array, pieceBytes = 262_144, sizeBytes?: number) {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  };
  return {
    head: bytes.subarray(0, 65_536),
    isWhole: bytes.length <= 65_536,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    [Symbol.asyncIterator]: pieces,
  };
}

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(pieces));
}

const operations = (): (string | undefined)[] => store.server.requests.map(({ operation }) => operation);
const headersOf = (operation: string) =>
  store.server.requests.find((request) => request.operation === operation)?.headers ?? {};

describe("sizes", () => {
  test.each([
    ["1 byte", 1, 0],
    ["one byte less than a part", 5 * mebibyte - 1, 0],
    ["exactly one part", 5 * mebibyte, 0],
    ["one byte more", 5 * mebibyte + 1, 2],
    ["two parts and a bit", 10 * mebibyte + 1, 3],
  ])("%s, as a value and as a stream of known and unknown length", async (_, sizeBytes, parts) => {
    const place = placeWith({ thresholdBytes: 0 });
    const bytes = bytesOf(sizeBytes);
    const puts = [
      () => put(place, bytes),
      () => place.putStream?.(sourceOf(bytes), address) as Promise<XComEnvelope>,
      () => place.putStream?.(sourceOf(bytes, 1_000_000, bytes.length), address) as Promise<XComEnvelope>,
    ];
    for (const write of puts) {
      const before = isRealServer ? 0 : operations().length;
      const envelope = await write();
      expect(envelope.size_bytes).toBe(sizeBytes);
      expect(envelope.checksum).toBe(createHash("sha256").update(bytes).digest("hex"));
      if (!isRealServer) {
        const made = operations().slice(before);
        const inParts = ["CreateMultipartUpload", ...Array(parts).fill("UploadPart"), "CompleteMultipartUpload"];
        expect(made).toEqual(parts === 0 ? ["PutObject"] : inParts);
      }
      expect(Buffer.compare(await place.get(envelope, address), bytes)).toBe(0);
      expect(Buffer.compare(await joined(place.getStream?.(envelope, address) ?? sourceOf(small)), bytes)).toBe(0);
    }
    await place.close?.();
  });

  test("values of the threshold or less stay in the store, as do streams that turn out to be so short", async () => {
    const place = placeWith({ thresholdBytes: 2_000 });
    expect(await place.put(bytesOf(2_000), address, undefined)).toBeUndefined();
    expect(await place.put(bytesOf(2_001), address, undefined)).toBeDefined();
    expect(await place.putStream?.(sourceOf(bytesOf(2_000)), address)).toBeUndefined();
    expect(await place.putStream?.(sourceOf(bytesOf(2_001)), address)).toBeDefined();
  });
});

describe("nothing is left of what failed", () => {
  const faults: [string, S3FaultPlan, string][] = [
    [
      "a part that is refused",
      [{ on: "UploadPart", at: 2, fault: { kind: "refuse", code: "AccessDenied" } }],
      "XCOM_S3_DENIED",
    ],
    [
      "an end that is refused",
      [{ on: "CompleteMultipartUpload", fault: { kind: "refuse", code: "InvalidPart" } }],
      "XCOM_S3_REFUSED",
    ],
    [
      "a part that never goes through",
      [{ on: "UploadPart", fault: { kind: "drop", when: "mid-request" } }],
      "XCOM_S3_UNREACHABLE",
    ],
    [
      "an end that seems never to go through, and does",
      [{ on: ["CompleteMultipartUpload", "HeadObject"], fault: { kind: "drop", when: "after" } }],
      "XCOM_S3_UNREACHABLE",
    ],
  ];
  onOwnServer.each(faults)("%s", async (_, plan, code) => {
    store.server.faults = plan;
    expect(await codeOf(put(placeWith(), large))).toBe(code);
    expect(store.server.uploads).toEqual([]);
    expect(store.server.objects.size).toBe(0);
  });

  onOwnServer("nor of what was called off in the middle of a part", async () => {
    store.server.faults = [{ on: "UploadPart", at: 2, fault: { kind: "hang", when: "before" } }];
    const stop = new AbortController();
    const putting = placeWith().put(large, address, undefined, { signal: stop.signal });
    await untilHanging();
    const reason = new Error("nobody waits");
    stop.abort(reason);
    await expect(putting).rejects.toBe(reason);
    expect(store.server.uploads).toEqual([]);
    expect(store.server.objects.size).toBe(0);
  });

  onOwnServer("nor of an upload that had just begun", async () => {
    store.server.faults = [{ on: "CreateMultipartUpload", fault: { kind: "hang", when: "after" } }];
    const stop = new AbortController();
    const putting = placeWith().put(large, address, undefined, { signal: stop.signal });
    await untilHanging();
    expect(store.server.uploads.length).toBe(1);
    stop.abort(new Error("nobody waits"));
    await expect(putting).rejects.toThrow("nobody waits");
    expect(store.server.uploads).toEqual([]);
  });

  onOwnServer("nor of a whole object whose answer nobody waited for", async () => {
    store.server.faults = [{ on: "PutObject", fault: { kind: "hang", when: "after" } }];
    const stop = new AbortController();
    const putting = placeWith().put(small, address, undefined, { signal: stop.signal });
    await untilHanging();
    expect(store.server.objects.size).toBe(1);
    stop.abort(new Error("nobody waits"));
    await expect(putting).rejects.toThrow("nobody waits");
    expect(store.server.objects.size).toBe(0);
  });
});

async function untilHanging(): Promise<void> {
  while (store.server.hanging === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe("what goes wrong on the way is put right", () => {
  const passing: [string, S3FaultPlan][] = [
    ["500", [{ at: [1, 2], fault: { kind: "refuse", code: "InternalError" } }]],
    ["SlowDown", [{ at: 1, fault: { kind: "refuse", code: "SlowDown", retryAfter: 0 } }]],
    ["the page of a proxy", [{ at: 1, fault: { kind: "answer", status: 502, body: "<html>Bad gateway</html>" } }]],
    ["429 without a body", [{ at: 1, fault: { kind: "answer", status: 429 } }]],
    ["a connection dropped before the request", [{ at: 1, fault: { kind: "drop", when: "before" } }]],
    ["one dropped in the middle of a request", [{ at: 1, fault: { kind: "drop", when: "mid-request" } }]],
    ["one dropped after the request was carried out", [{ at: 1, fault: { kind: "drop", when: "after" } }]],
    [
      "every part is lost once",
      (request) =>
        request.operation === "UploadPart" && isFirst(request.query.partNumber)
          ? { kind: "drop", when: "after" }
          : undefined,
    ],
    [
      "an end that is said to have failed and has not",
      [{ on: "CompleteMultipartUpload", at: 1, fault: { kind: "drop", when: "after" } }],
    ],
    [
      "an end that answers 200 and an error",
      [{ on: "CompleteMultipartUpload", at: 1, fault: { kind: "refuse", code: "InternalError", status: 200 } }],
    ],
  ];
  let seen: Set<string | undefined>;
  const isFirst = (name: string | undefined): boolean => !seen.has(name) && seen.add(name).has(name);
  beforeEach(() => {
    seen = new Set();
  });

  onOwnServer.each(passing)("%s, while a value is written", async (_, plan) => {
    for (const bytes of [small, large]) {
      seen = new Set();
      const place = placeWith();
      store.server.faults = plan;
      const envelope = await put(place, bytes);
      store.server.faults = [];
      expect(Buffer.compare(await place.get(envelope, address), bytes)).toBe(0);
      expect(store.server.uploads).toEqual([]);
    }
    expect(store.server.objects.size).toBe(2);
  });

  const broken: [string, S3FaultPlan][] = [
    ["an answer that breaks off", [{ on: "GetObject", at: 1, fault: { kind: "drop", when: "mid-answer" } }]],
    ["an answer that ends early", [{ on: "GetObject", at: 1, fault: { kind: "truncate" } }]],
    [
      "one that breaks off three times",
      [{ on: "GetObject", at: [1, 2, 3], fault: { kind: "drop", when: "mid-answer" } }],
    ],
  ];
  onOwnServer.each(broken)("%s, while it is read: the rest is fetched", async (_, plan) => {
    const place = placeWith();
    const envelope = await put(place, large);
    store.server.faults = plan;
    expect(Buffer.compare(await joined(place.getStream?.(envelope, address) ?? sourceOf(small)), large)).toBe(0);
    const ranges = store.server.requests
      .filter(({ operation }) => operation === "GetObject")
      .map(({ headers }) => headers);
    expect(ranges.length).toBeGreaterThan(1);
    for (const { range, "if-match": etag } of ranges.slice(1)) {
      expect(Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1])).toBeGreaterThan(0);
      expect(etag).toBeDefined();
    }
  });

  onOwnServer("bytes that were altered on the way: they are fetched once more", async () => {
    for (const checksums of ["required", "supported"] as const) {
      const place = placeWith({ checksums });
      const envelope = await put(place);
      store.server.faults = [{ on: "GetObject", at: 1, fault: { kind: "alter" } }];
      const before = operations().length;
      expect(Buffer.compare(await place.get(envelope, address), small)).toBe(0);
      expect(operations().slice(before)).toEqual(["GetObject", "GetObject"]);
    }
  });

  onOwnServer("and told when the second answer is no better", async () => {
    for (const checksums of ["required", "supported"] as const) {
      const place = placeWith({ checksums });
      const envelope = await put(place);
      store.server.faults = [{ on: "GetObject", fault: { kind: "alter" } }];
      const before = operations().length;
      expect(await codeOf(place.get(envelope, address))).toBe("XCOM_S3_ALTERED");
      expect(operations().length - before).toBe(2);
      expect(await codeOf(joined(place.getStream?.(envelope, address) ?? sourceOf(small)))).toBe("XCOM_S3_ALTERED");
    }
  });

  onOwnServer("a read that stands still is given up after the time of a request", async () => {
    const place = placeWith({ requestTimeoutMs: 100, deadlineMs: 1_000 });
    const envelope = await put(placeWith(), large);
    store.server.faults = [{ on: "GetObject", at: 1, fault: { kind: "hang", when: "mid-answer" } }];
    expect(Buffer.compare(await place.get(envelope, address), large)).toBe(0);
  });
});

describe("stores that know less", () => {
  onOwnServer("checksums that are refused are told with their cure", async () => {
    store.server.faults = [s3Quirks.refusesChecksums];
    const error = await put(placeWith({ checksums: "supported" })).catch((thrown: unknown) => thrown);
    expect(isMillraceError(error, "XCOM_S3_CHECKSUMS_REFUSED")).toBe(true);
    expect((error as { cure: string }).cure).toContain('checksums: "required"');
    const place = placeWith({ checksums: "required" });
    for (const bytes of [small, large])
      expect(Buffer.compare(await place.get(await put(place, bytes), address), bytes)).toBe(0);
  });

  onOwnServer("checksums go with everything, or only where they must", async () => {
    await put(placeWith({ checksums: "supported" }), large);
    expect(headersOf("UploadPart")["x-amz-checksum-crc32"]).toBeDefined();
    await put(placeWith({ checksums: "supported" }));
    expect(headersOf("PutObject")["x-amz-checksum-crc32"]).toBeDefined();
    const before = store.server.requests.length;
    await put(placeWith({ checksums: "required" }), large);
    await put(placeWith({ checksums: "required" }));
    const headers = store.server.requests.slice(before).flatMap((request) => Object.keys(request.headers));
    expect(headers.filter((name) => /checksum|trailer/.test(name))).toEqual([]);
  });

  onOwnServer("conditional writes that are refused are left out", async () => {
    store.server.faults = [s3Quirks.refusesConditions];
    const place = placeWith();
    for (const bytes of [small, large, small])
      expect(Buffer.compare(await place.get(await put(place, bytes), address), bytes)).toBe(0);
    expect(operations().filter((operation) => operation === "PutObject").length).toBe(3);
  });

  onOwnServer.each([
    ["Content-MD5", s3Quirks.wantsContentMd5, ["DeleteObjects", "DeleteObjects"]],
    ["one at a time", s3Quirks.refusesBulkDelete, ["DeleteObjects", "DeleteObjects", ...Array(3).fill("DeleteObject")]],
  ] as const)("many objects are removed by %s", async (_, quirk, made) => {
    const place = placeWith();
    const envelopes = [await put(place), await put(place), await put(place)];
    store.server.faults = [quirk];
    const before = operations().length;
    await place.remove(envelopes.map((envelope) => place.refOf(envelope)));
    expect(operations().slice(before)).toEqual(made);
    expect(store.server.objects.size).toBe(0);
  });
});

describe("headers", () => {
  onOwnServer.each([
    [{}, undefined, undefined],
    [{ sse: "AES256" }, "AES256", undefined],
    [{ sse: "aws:kms", kmsKeyId: "alias/values" }, "aws:kms", "alias/values"],
  ] as const)("encryption by the store: %j", async (options, sse, key) => {
    const place = placeWith(options);
    await put(place);
    await put(place, large);
    for (const operation of ["PutObject", "CreateMultipartUpload"]) {
      expect(headersOf(operation)["x-amz-server-side-encryption"]).toBe(sse);
      expect(headersOf(operation)["x-amz-server-side-encryption-aws-kms-key-id"]).toBe(key);
    }
  });

  onOwnServer("no object is public, and each is new", async () => {
    const place = placeWith();
    await put(place);
    await put(place, large);
    const names = store.server.requests.flatMap(({ headers }) => Object.keys(headers));
    expect(names.filter((name) => /acl|grant/.test(name))).toEqual([]);
    for (const operation of ["PutObject", "CompleteMultipartUpload"])
      expect(headersOf(operation)["if-none-match"]).toBe("*");
  });

  onOwnServer("what is signed is the hash of the body", async () => {
    await put(placeWith());
    expect(headersOf("PutObject")["x-amz-content-sha256"]).toBe(createHash("sha256").update(small).digest("hex"));
  });
});

describe("what refuses is told apart, and tells no secret", () => {
  const refusals: [string, S3FaultPlan, string][] = [
    ["no permission", [{ on: "GetObject", fault: { kind: "refuse", code: "AccessDenied" } }], "XCOM_S3_DENIED"],
    [
      "a wrong signature",
      [{ on: "GetObject", fault: { kind: "refuse", code: "SignatureDoesNotMatch" } }],
      "XCOM_S3_CREDENTIALS_INVALID",
    ],
    [
      "no such bucket",
      [{ on: "GetObject", fault: { kind: "refuse", code: "NoSuchBucket" } }],
      "XCOM_S3_BUCKET_MISSING",
    ],
    ["no such object", [{ on: "GetObject", fault: { kind: "refuse", code: "NoSuchKey" } }], "XCOM_S3_MISSING"],
    [
      "too many requests",
      [{ on: "GetObject", fault: { kind: "refuse", code: "SlowDown", retryAfter: 0 } }],
      "XCOM_S3_UNAVAILABLE",
    ],
    ["a connection that breaks", [{ on: "GetObject", fault: { kind: "drop", when: "before" } }], "XCOM_S3_UNREACHABLE"],
    [
      "an answer that always breaks off at once",
      [{ on: "GetObject", fault: { kind: "truncate", sizeBytes: 0 } }],
      "XCOM_S3_UNREACHABLE",
    ],
    ["a shorter object", [{ on: "GetObject", fault: { kind: "truncate", isHonest: true } }], "XCOM_S3_TRUNCATED"],
  ];
  onOwnServer.each(refusals)("%s", async (_, plan, code) => {
    const place = placeWith();
    const envelope = await put(place);
    store.server.faults = plan;
    const error = await place.get(envelope, address).catch((thrown: unknown) => thrown);
    expect(isMillraceError(error, code), String(error)).toBe(true);
    expectNoSecret(error);
    expect((error as Error).message).toContain(store.options.bucket);
  });

  onOwnServer("a wrong secret key, over the wire", async () => {
    process.env.AWS_SECRET_ACCESS_KEY = "another-secret";
    const error = await put().catch((thrown: unknown) => thrown);
    expect(isMillraceError(error, "XCOM_S3_CREDENTIALS_INVALID")).toBe(true);
    expectNoSecret(error, "another-secret");
  });

  onOwnServer("no credentials", async () => {
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    expect(await codeOf(put())).toBe("XCOM_S3_CREDENTIALS_INVALID");
  });

  test("another bucket", async () => {
    expect(await codeOf(put(placeWith({ bucket: "no-such-bucket-here" })))).toMatch(
      /^XCOM_S3_(BUCKET_MISSING|DENIED)$/,
    );
  });

  test("nobody listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, "close");
    const place = placeWith({ endpoint: `http://127.0.0.1:${port}`, deadlineMs: 2_000 });
    expect(await codeOf(put(place))).toBe("XCOM_S3_UNREACHABLE");
    expect(await codeOf(Promise.resolve(place.open?.()))).toBe("XCOM_S3_UNREACHABLE");
  });

  test("who looks at the place sees no credential", async () => {
    const place = placeWith();
    await put(place);
    expect(inspect(place, { depth: 10, showHidden: true })).not.toContain(process.env.AWS_SECRET_ACCESS_KEY);
  });
});

function expectNoSecret(error: unknown, secret = process.env.AWS_SECRET_ACCESS_KEY as string): void {
  const all = inspect(error, { depth: 10, showHidden: true });
  for (const word of [secret, "Signature=", "StringToSign", "CanonicalRequest", "authorization"])
    expect(all).not.toContain(word);
}

describe("opening", () => {
  test("answers nothing when all is well", async () => {
    expect(await placeWith().open?.()).toEqual([]);
  });

  test("throws what would fail later", async () => {
    expect(await codeOf(Promise.resolve(placeWith({ bucket: "no-such-bucket-here" }).open?.()))).toMatch(
      /^XCOM_S3_(BUCKET_MISSING|DENIED)$/,
    );
  });
});
