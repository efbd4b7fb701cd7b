import type { XComEnvelope } from "@millrace/core/plugin";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { envelopeOf, followed } from "./envelope.ts";
import { addressFolder, objectName } from "./object-key.ts";

const locations = [
  { bucket: "values", prefix: "p" },
  { bucket: "older", prefix: "" },
];
const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" };
const path = addressFolder(address) + objectName(0, "0".repeat(32));
const envelope = envelopeOf({
  location: { bucket: "values", prefix: "p" },
  path,
  sizeBytes: 2_000,
  sha256: "ab".repeat(32),
  createdAt: Date.UTC(2026, 0, 15, 14, 30, 22, 123),
  recordCount: 3,
  etag: "e1",
});

const codeOf = (one: XComEnvelope, at = address): string => {
  try {
    followed(one, locations, at);
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return "followed";
};

describe("an envelope", () => {
  test("says where the bytes lie and what they are", () => {
    expect(envelope).toEqual({
      _xcom_s3: true,
      v: 1,
      bucket: "values",
      prefix: "p",
      path,
      size_bytes: 2_000,
      record_count: 3,
      created_at: "2026-01-15T14:30:22.123Z",
      checksum: "ab".repeat(32),
      checksum_algorithm: "sha256",
      etag: "e1",
    });
    expect(followed(envelope, locations, address).key).toBe(`p/${path}`);
    expect(followed({ ...envelope, bucket: "older", prefix: "" }, locations, address).key).toBe(path);
  });

  test("is followed into its own buckets and prefixes only", () => {
    for (const change of [{ bucket: "foreign" }, { prefix: "" }, { prefix: "p/v1" }, { bucket: "older" }])
      expect([change, codeOf({ ...envelope, ...change })]).toEqual([change, "XCOM_S3_ELSEWHERE"]);
  });

  test("leads to the XCom that is read and to no other", () => {
    for (const change of [
      { dagId: "other" },
      { runId: "r" },
      { runId: "r11" },
      { taskId: "x" },
      { mapIndex: 0 },
      { key: "row" },
    ])
      expect([change, codeOf(envelope, { ...address, ...change })]).toEqual([change, "XCOM_S3_ENVELOPE_INVALID"]);
  });

  test("is not followed out of its folder, whoever asks", () => {
    for (const hostile of [
      `${addressFolder(address)}../x`,
      `${addressFolder(address)}x`,
      `${path}/../x`,
      `${path}?x`,
    ]) {
      expect(codeOf({ ...envelope, path: hostile })).toBe("XCOM_S3_ENVELOPE_INVALID");
      expect(() => followed({ ...envelope, path: hostile }, locations)).toThrow(/its path is none/);
    }
  });

  test("is refused with anything else in a field that is followed", () => {
    const strange = fc.oneof(
      fc.anything(),
      fc.constantFrom(
        "..",
        "../../x",
        "/etc/passwd",
        "a\0b",
        "",
        -1,
        1e300,
        2 ** 53,
        1.5,
        null,
        [],
        ["x"],
        "0".repeat(64).toUpperCase(),
      ),
    );
    const fields = fc.constantFrom(
      "_xcom_s3",
      "v",
      "bucket",
      "prefix",
      "path",
      "size_bytes",
      "checksum",
      "checksum_algorithm",
    );
    fc.assert(
      fc.property(fields, strange, (field, value) => {
        fc.pre(value !== envelope[field]);
        const isOtherValid =
          (field === "size_bytes" && Number.isSafeInteger(value) && (value as number) >= 0) ||
          (field === "checksum" && /^[0-9a-f]{64}$/.test(String(value)));
        fc.pre(!isOtherValid);
        expect(codeOf({ ...envelope, [field]: value })).toMatch(/^XCOM_S3_(ENVELOPE_INVALID|ELSEWHERE)$/);
      }),
    );
  });

  test("of another bucket is shown as far as it can be a name", () => {
    const hostile = { ...envelope, bucket: `b\u001b[2J<script>${"x".repeat(5_000)}` };
    expect(() => followed(hostile, locations, address)).toThrow(
      /^The value lies in bucket 'b\?\?2J\?script\?x{1,160}' under 'p'/,
    );
  });
});
