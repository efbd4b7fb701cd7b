import { describe, expect, test } from "vitest";
import { manifest, type S3Options, s3 } from "./index.ts";
import { settingsOf } from "./options.ts";

const bucket = "values";

describe("options", () => {
  test.each([
    [{ bucket: "" }, "bucket"],
    [{ bucket: "../other" }, "bucket"],
    [{ bucket: "a..b" }, "bucket"],
    [{ bucket: "b/c" }, "bucket"],
    [{ prefix: "a//b" }, "prefix"],
    [{ prefix: "a/../b" }, "prefix"],
    [{ prefix: "a b" }, "prefix"],
    [{ prefix: "p".repeat(161) }, "prefix"],
    [{ region: "eu central" }, "region"],
    [{ endpoint: "minio:9000" }, "endpoint"],
    [{ endpoint: "ftp://minio" }, "endpoint"],
    [{ endpoint: "https://user:pa55word@minio" }, "endpoint"],
    [{ endpoint: "https://minio/?x=1" }, "endpoint"],
    [{ thresholdBytes: -1 }, "thresholdBytes"],
    [{ partSizeBytes: 5 * 1_048_576 - 1 }, "partSizeBytes"],
    [{ partSizeBytes: 6 * 2 ** 30 }, "partSizeBytes"],
    [{ queueSize: 0 }, "queueSize"],
    [{ checksums: "none" }, "checksums"],
    [{ sse: "aes" }, "sse"],
    [{ kmsKeyId: "k1" }, "kmsKeyId"],
    [{ alsoRead: [{ bucket, prefix: "/a//" }, { bucket: "x" }] }, "alsoRead.1.bucket"],
    [{ client: "sdk" }, "client"],
    [{ deadlineMs: 0 }, "deadlineMs"],
    [{ bukket: "x" }, "all"],
  ])("%j is refused by its name, without what it may contain of secrets", (options, option) => {
    const error = (() => {
      try {
        s3({ bucket, ...options } as S3Options);
      } catch (thrown) {
        return thrown as { code: string; message: string; values: object };
      }
      return undefined;
    })();
    expect(error).toMatchObject({ code: "XCOM_S3_OPTION_INVALID", values: { option } });
    expect(error?.message).not.toContain("pa55word");
  });

  test("have defaults that suit AWS, and others with an endpoint", () => {
    const aws = {
      region: undefined,
      forcePathStyle: false,
      checksums: "supported",
      partSizeBytes: 5_242_880,
      thresholdBytes: 1_024,
    };
    expect(settingsOf({ bucket })).toMatchObject({
      ...aws,
      prefix: "",
      sse: "none",
      queueSize: 4,
      conditionalWrites: true,
    });
    const other = { region: "us-east-1", forcePathStyle: true, checksums: "required" };
    expect(settingsOf({ bucket, endpoint: "https://minio.example.com" })).toMatchObject(other);
    expect(settingsOf({ bucket, prefix: "/a/b/" }).prefix).toBe("a/b");
  });
});

describe("an endpoint without encryption", () => {
  test.each([
    "http://minio.example.com",
    "http://10.0.0.1:9000",
    "http://127.0.0.1.example.com",
    "http://localhost.example.com",
  ])("%s is refused unless it is allowed", (endpoint) => {
    expect(() => s3({ bucket, endpoint })).toThrow(expect.objectContaining({ code: "XCOM_S3_INSECURE" }));
    expect(s3({ bucket, endpoint, allowInsecure: true }).name).toBe("s3");
  });

  test.each([
    "http://localhost:9000",
    "http://127.0.0.1:9000",
    "http://[::1]:9000",
    "http://minio.localhost",
    "https://minio.example.com",
  ])("%s is well", (endpoint) => {
    expect(s3({ bucket, endpoint }).name).toBe("s3");
  });
});

describe("the manifest", () => {
  test("names options that there are, each by a variable of its own", async () => {
    const values: Record<string, string> = {
      bucket,
      prefix: "p",
      region: "eu-central-1",
      endpoint: "https://minio.example.com",
      forcePathStyle: "false",
      thresholdBytes: "2000",
      partSizeBytes: "6000000",
      checksums: "supported",
      sse: "aws:kms",
      kmsKeyId: "k1",
      allowInsecure: "true",
    };
    const options: Record<string, unknown> = {};
    for (const { key, option, parse = (text: string) => text } of manifest.env ?? []) {
      expect(key).toMatch(/^MILLRACE_XCOM_S3_[A-Z_]+$/);
      options[option] = parse(values[option] as string);
    }
    expect(Object.keys(options).sort()).toEqual(Object.keys(values).sort());
    const checked = await manifest.options["~standard"].validate(options);
    expect(checked).toMatchObject({ value: { forcePathStyle: false, thresholdBytes: 2_000, allowInsecure: true } });
    const place = manifest.create((checked as { value: S3Options }).value, { home: "/home", baseDir: "/", env: {} });
    expect(place).toMatchObject({ kind: "place", marker: manifest.marker });
  });

  test("refuses text that is no flag and no number", async () => {
    const flag = manifest.env?.find(({ option }) => option === "forcePathStyle");
    expect(() => flag?.parse?.("perhaps")).toThrow();
    const number = manifest.env?.find(({ option }) => option === "partSizeBytes");
    for (const text of ["", "five"]) {
      const options = { bucket, partSizeBytes: number?.parse?.(text) };
      expect(await manifest.options["~standard"].validate(options)).toHaveProperty("issues");
    }
  });
});
