import { existsSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isPluginManifest, type XComEnvelope } from "@millrace/core/plugin";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { manifest } from "./manifest.ts";

const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" };
let base: string;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "xcom-manifest-")));
  await mkdir(join(base, "project"));
});
afterEach(() => rm(base, { recursive: true }));

function made(options: Parameters<typeof manifest.create>[0]) {
  const place = manifest.create(options, { home: join(base, "home"), baseDir: join(base, "project"), env: {} });
  return {
    put: async (bytes = Buffer.alloc(5_000)) => (await place.put(bytes, address, undefined)) as XComEnvelope,
    get: (envelope: XComEnvelope) => place.get(envelope, address),
    marker: place.marker,
  };
}

describe("manifest", () => {
  it("names the marker of what the place writes", async () => {
    expect(isPluginManifest(manifest)).toBe(true);
    expect([manifest.marker, made({}).marker]).toEqual(["_xcom_file_backend", "_xcom_file_backend"]);
  });

  it("keeps files in the home folder, or where the config says, as seen from the config", async () => {
    expect((await made({}).put()).filepath).toContain(join(base, "home", "xcom", "dag=sales"));
    const there = await made({ dir: "data/xcom", thresholdBytes: 10, checksum: "md5" }).put(Buffer.alloc(11));
    expect(there).toMatchObject({ filepath: expect.stringContaining(join(base, "project", "data", "xcom")) });
    expect(there.checksum_algorithm).toBe("md5");
    expect(await made({ dir: "elsewhere", alsoRead: ["data/xcom"] }).get(there)).toEqual(Buffer.alloc(11));
    expect(existsSync(join(base, "project", "elsewhere"))).toBe(false);
  });

  it("reads its options from the environment", () => {
    const parse = (text: string) => manifest.env?.find(({ option }) => option === "thresholdBytes")?.parse?.(text);
    expect(manifest.env?.map(({ key, option }) => [key, option])).toEqual([
      ["MILLRACE_XCOM_FILE_DIR", "dir"],
      ["MILLRACE_XCOM_FILE_THRESHOLD", "thresholdBytes"],
    ]);
    expect(parse("4096")).toBe(4_096);
    // What is no number is left for the schema to refuse as it was given.
    for (const text of ["", "1e3", "-1", "0x10", " 5"]) expect(parse(text)).toBe(text);
  });

  it("refuses options of a wrong kind or name", async () => {
    const wrong = [
      { dir: "" },
      { dir: 5 },
      { dir: "a\0b" },
      { alsoRead: "x" },
      { thresholdBytes: -1 },
      { thresholdBytes: "1e3" },
      { checksum: "crc32" },
      { directory: "x" },
    ];
    for (const options of wrong)
      expect((await manifest.options["~standard"].validate(options)).issues, JSON.stringify(options)).toHaveLength(1);
    expect((await manifest.options["~standard"].validate({ dir: "x", checksum: "sha512" })).issues).toBeUndefined();
  });
});
