import { mkdtemp, readdir, readFile, realpath, rm, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import { type DatasetRecord, loadDataset, storeLargeDataset, streamDataset } from "../index.ts";

const clock = { now: () => Date.UTC(2024, 0, 15, 10, 0, 0), sleep: async () => {} };
let base: string;
let dir: string;
let draws: number;
const randomness = { hex: (bytes: number) => (++draws).toString(16).padStart(bytes * 2, "0") };

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "datasets-")));
  dir = join(base, "made", "here");
  draws = 0;
});
afterEach(async () => {
  // Whatever a test did, no half-written file may stay.
  const names = await readdir(dir).catch(() => []);
  expect(names.filter((name) => name.endsWith(".part"))).toEqual([]);
  await rm(base, { recursive: true });
});

const days = (count: number) =>
  Array.from({ length: count }, (_, day) => ({ day, price: 100 + day / 8, symbol: "Ünïcode ✓" }));

describe("storeLargeDataset", () => {
  it("keeps small data in its record", async () => {
    const data = days(3);
    const record = await storeLargeDataset(data, { dir, clock });
    expect(record).toEqual({
      data_type: "direct",
      data,
      record_count: 3,
      file_size_bytes: data.reduce((bytes, day) => bytes + Buffer.byteLength(JSON.stringify(day)) + 1, 0),
      size_mb: 0,
      created_at: "2024-01-15T10:00:00.000Z",
      cleanup_required: false,
    });
    await expect(readdir(dir)).rejects.toThrow("ENOENT");
  });

  it("writes large data to a file of its own, for this user only", async () => {
    const data = days(40_000);
    const record = await storeLargeDataset(data, { dir, clock, randomness, name: "market_data" });
    const path = join(dir, "market_data_20240115T100000Z_00000001.ndjson");
    const bytes = await readFile(path);
    expect(record).toEqual({
      data_type: "file_reference",
      file_path: path,
      path: "market_data_20240115T100000Z_00000001.ndjson",
      record_count: 40_000,
      file_size_bytes: bytes.length,
      size_mb: Math.round((bytes.length / 1024 / 1024) * 100) / 100,
      created_at: "2024-01-15T10:00:00.000Z",
      cleanup_required: true,
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      checksum_algorithm: "sha256",
      format: "ndjson",
    });
    expect(bytes.length).toBeGreaterThan(1024 * 1024);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect(await loadDataset(record, { dir })).toEqual(data);
  });

  it("switches exactly above the threshold", async () => {
    const data = days(100);
    const { file_size_bytes: size } = await storeLargeDataset(data, { dir });
    const mb = 1024 * 1024;
    expect((await storeLargeDataset(data, { dir, thresholdMb: size / mb })).data_type).toBe("direct");
    expect((await storeLargeDataset(data, { dir, thresholdMb: (size - 1) / mb })).data_type).toBe("file_reference");
    expect((await storeLargeDataset([], { dir, thresholdMb: 0 })).data_type).toBe("direct");
  });

  it("takes iterables as they come, small or large, and closes them when it fails", async () => {
    let isClosed = false;
    async function* source(count: number, failsAt = -1) {
      try {
        for (const day of days(count)) {
          if (day.day === failsAt) throw new Error("source broke");
          yield day;
        }
      } finally {
        isClosed = true;
      }
    }
    expect(await storeLargeDataset(source(3), { dir })).toMatchObject({
      data_type: "direct",
      data: days(3),
      record_count: 3,
    });
    const record = await storeLargeDataset(source(2_000), { dir, thresholdMb: 0.01 });
    expect(record).toMatchObject({ data_type: "file_reference", record_count: 2_000 });
    expect(await loadDataset(record, { dir })).toEqual(days(2_000));
    expect(await storeLargeDataset(new Set([1]).values(), { dir })).toMatchObject({ data: [1] });

    isClosed = false;
    await expect(storeLargeDataset(source(9_000, 8_000), { dir, thresholdMb: 0.01 })).rejects.toThrow("source broke");
    expect(isClosed).toBe(true);
    isClosed = false;
    const blocked = join(dir, record.data_type === "file_reference" ? record.path : "");
    await expect(storeLargeDataset(source(9_000), { dir: blocked, thresholdMb: 0.01 })).rejects.toMatchObject({
      code: "DATASET_DIR_INVALID",
    });
    expect(isClosed).toBe(true);
    const controller = new AbortController();
    async function* aborting() {
      yield* days(5_000);
      controller.abort(new Error("cancelled"));
      yield* days(5_000);
    }
    await expect(storeLargeDataset(aborting(), { dir, thresholdMb: 0.01, signal: controller.signal })).rejects.toThrow(
      "cancelled",
    );
    expect(await readdir(dir)).toHaveLength(1);
  });

  it("brings every JSON value back as it was, in either format", async () => {
    const json = fc.jsonValue({ maxDepth: 4 }).map((value): unknown => JSON.parse(JSON.stringify(value)));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(json, fc.array(json)),
        fc.constantFrom("json", "ndjson", undefined),
        async (value, format) => {
          if (format === "ndjson" && !Array.isArray(value)) return;
          const record = await storeLargeDataset(value, { dir, thresholdMb: 0, format });
          expect(await loadDataset(record, { dir })).toStrictEqual(value);
          expect(record.record_count).toBe(Array.isArray(value) ? value.length : 1);
          if (!Array.isArray(value)) return;
          const streamed: unknown[] = [];
          for await (const chunk of streamDataset(record as unknown, { dir, chunkSize: 3 })) streamed.push(...chunk);
          expect(streamed).toStrictEqual(value);
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });

  it("writes JSON lists that every JSON reader understands", async () => {
    const record = await storeLargeDataset([{ a: 1 }, "[", "]"], { dir, thresholdMb: 0, format: "json" });
    expect(record).toMatchObject({ format: "json", path: expect.stringMatching(/\.json$/) });
    if (record.data_type !== "file_reference") throw new Error("not written");
    expect(JSON.parse(await readFile(record.file_path, "utf8"))).toEqual([{ a: 1 }, "[", "]"]);
  });

  it("refuses what JSON would alter, wherever it stands, and leaves no file", async () => {
    await expect(storeLargeDataset([...days(30_000), { at: new Date(0) }], { dir })).rejects.toMatchObject({
      code: "DATASET_VALUE_UNSUPPORTED",
      message: expect.stringContaining("$[30000].at"),
    });
    await expect(storeLargeDataset(new Map([["a", 1]]), { dir })).rejects.toMatchObject({
      message: expect.stringContaining("Map"),
    });
    await expect(storeLargeDataset(new Uint8Array(3), { dir })).rejects.toMatchObject({
      code: "DATASET_VALUE_UNSUPPORTED",
    });
    expect(await readdir(dir)).toEqual([]);
  });

  it("refuses a record above the limit, counted in bytes", async () => {
    const limits = { dir, maxRecordBytes: 12 };
    await storeLargeDataset(["0123456789"], limits);
    await storeLargeDataset(["ÄÄÄÄÄ"], limits);
    await expect(storeLargeDataset([1, "0123456789a"], limits)).rejects.toMatchObject({
      code: "DATASET_RECORD_TOO_LARGE",
      values: { index: 1, sizeBytes: 13, limit: 12 },
    });
    await expect(storeLargeDataset(["ÄÄÄÄÄÄ"], limits)).rejects.toMatchObject({ code: "DATASET_RECORD_TOO_LARGE" });
  });

  it("refuses hostile names and wrong options", async () => {
    for (const name of [
      "",
      "..",
      "../x",
      "a/b",
      "a\\b",
      ".hidden",
      "a\0b",
      "x".repeat(101),
      "a..b",
      "end.",
      "Ä",
      "a b",
      "\u202eabc",
    ]) {
      await expect(storeLargeDataset(1, { dir, name }), JSON.stringify(name)).rejects.toMatchObject({
        code: "DATASET_OPTION_INVALID",
      });
    }
    for (const wrong of [
      { thresholdMb: -1 },
      { thresholdMb: Number.NaN },
      { maxRecordBytes: 0 },
      { format: "xml" },
      { format: "ndjson" },
      { dir: "" },
    ]) {
      await expect(storeLargeDataset({ a: 1 }, { dir, thresholdMb: 0, ...wrong } as never)).rejects.toMatchObject({
        code: "DATASET_OPTION_INVALID",
      });
    }
  });

  it("never writes through a link that waits under its name, nor over a file", async () => {
    await storeLargeDataset([1], { dir, thresholdMb: 0, clock, randomness });
    const victim = join(dir, "victim");
    await writeFile(victim, "precious");
    await symlink(victim, join(dir, ".planted_20240115T100000Z_00000002.ndjson.part"));
    await expect(
      storeLargeDataset([1], { dir, thresholdMb: 0, name: "planted", clock, randomness }),
    ).rejects.toMatchObject({ code: "DATASET_IO_FAILED" });
    await symlink(victim, join(dir, "planted_20240115T100000Z_00000003.ndjson"));
    await expect(
      storeLargeDataset([1], { dir, thresholdMb: 0, name: "planted", clock, randomness }),
    ).rejects.toMatchObject({ code: "DATASET_IO_FAILED" });
    expect(await readFile(victim, "utf8")).toBe("precious");
    await unlink(join(dir, ".planted_20240115T100000Z_00000002.ndjson.part"));
  });

  it("types follow the data", async () => {
    expectTypeOf(storeLargeDataset([{ a: 1 }], { dir })).resolves.toEqualTypeOf<DatasetRecord<{ a: number }[]>>();
    expectTypeOf(storeLargeDataset({ a: 1 }, { dir })).resolves.toEqualTypeOf<DatasetRecord<{ a: number }>>();
    expectTypeOf(storeLargeDataset("text", { dir })).resolves.toEqualTypeOf<DatasetRecord<string>>();
    const record = await storeLargeDataset([{ a: 1 }], { dir });
    expectTypeOf(loadDataset(record, { dir })).resolves.toEqualTypeOf<{ a: number }[]>();
    expectTypeOf(loadDataset(record as unknown, { dir })).resolves.toBeUnknown();
    expectTypeOf(streamDataset(record, { dir })).toEqualTypeOf<AsyncGenerator<{ a: number }[], void, undefined>>();
  });
});
