import { execFileSync } from "node:child_process";
import {
  link,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileReference, loadDataset, removeDatasets, storeLargeDataset, streamDataset } from "../index.ts";

const records = Array.from({ length: 2_500 }, (_, id) => ({ id, text: `record ${id}` }));
let base: string;
let dir: string;
let reference: FileReference;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "datasets-")));
  dir = join(base, "data");
  const stored = await storeLargeDataset(records, { dir, thresholdMb: 0 });
  if (stored.data_type !== "file_reference") throw new Error("not written");
  reference = stored;
});

afterEach(() => rm(base, { recursive: true }));

async function chunks(
  record: unknown,
  options: { chunkSize?: number; verifyFirst?: boolean; maxRecordBytes?: number } = {},
) {
  const all: unknown[][] = [];
  for await (const chunk of streamDataset(record, { dir, ...options })) all.push(chunk);
  return all;
}

/** Both ways of reading must answer with the same error. */
async function expectRefusal(record: unknown, code: string): Promise<void> {
  await expect(loadDataset(record, { dir })).rejects.toMatchObject({ code });
  await expect(chunks(record)).rejects.toMatchObject({ code });
}

describe("streamDataset", () => {
  it("gives chunks of the size asked for", async () => {
    expect((await chunks(reference)).map((chunk) => chunk.length)).toEqual([1_000, 1_000, 500]);
    expect((await chunks(reference, { chunkSize: 2_500 })).flat()).toEqual(records);
    const direct = await storeLargeDataset(records, { dir });
    expect((await chunks(direct, { chunkSize: 2_000 })).map((chunk) => chunk.length)).toEqual([2_000, 500]);
    const wrong = { dir, chunkSize: 0 };
    await expect(streamDataset(reference as unknown, wrong).next()).rejects.toMatchObject({
      code: "DATASET_OPTION_INVALID",
    });
  });

  it("closes the file when the loop is left early or aborted", async () => {
    const open = () =>
      execFileSync("ls", ["-l", `/proc/${process.pid}/fd`])
        .toString()
        .includes(reference.path);
    for await (const _ of streamDataset(reference as unknown, { dir, chunkSize: 10 })) break;
    expect(open()).toBe(false);
    const signal = AbortSignal.abort(new Error("cancelled"));
    await expect(streamDataset(reference as unknown, { dir, signal }).next()).rejects.toThrow("cancelled");
    await expect(loadDataset(reference, { dir, signal })).rejects.toThrow("cancelled");
    expect(open()).toBe(false);
  });

  it("knows that one value is no list", async () => {
    for (const value of [{ a: 1 }, "text", { long: "x".repeat(100_000) }]) {
      const single = await storeLargeDataset<unknown>(value, { dir, thresholdMb: 0 });
      await expect(chunks(single)).rejects.toMatchObject({ code: "DATASET_NOT_A_LIST" });
      await expect(chunks(single, { maxRecordBytes: 10 })).rejects.toMatchObject({ code: "DATASET_NOT_A_LIST" });
      expect(await loadDataset(single, { dir })).toEqual(value);
    }
    await expect(chunks(await storeLargeDataset("text", { dir }))).rejects.toMatchObject({
      code: "DATASET_NOT_A_LIST",
    });
  });

  it("stops at a line above its limit", async () => {
    await expect(chunks(reference, { maxRecordBytes: 20 })).rejects.toMatchObject({ code: "DATASET_RECORD_TOO_LARGE" });
  });

  it("gives out nothing of an altered file when it verifies first", async () => {
    const bytes = await readFile(reference.file_path);
    bytes[bytes.length - 5] ^= 1;
    await writeFile(reference.file_path, bytes);
    const seen: unknown[] = [];
    const reading = async (verifyFirst: boolean) => {
      seen.length = 0;
      for await (const chunk of streamDataset(reference as unknown, { dir, verifyFirst })) seen.push(...chunk);
    };
    await expect(reading(true)).rejects.toMatchObject({ code: "DATASET_ALTERED" });
    expect(seen).toHaveLength(0);
    await expect(reading(false)).rejects.toMatchObject({ code: "DATASET_ALTERED" });
    expect(seen.length).toBeGreaterThan(0);
  });
});

describe("a file that is not what was stored", () => {
  it("is missing, with its folder or alone", async () => {
    await unlink(reference.file_path);
    await expectRefusal(reference, "DATASET_MISSING");
    await rm(dir, { recursive: true });
    await expectRefusal(reference, "DATASET_MISSING");
  });

  it("is truncated", async () => {
    await truncate(reference.file_path, 100);
    await expectRefusal(reference, "DATASET_TRUNCATED");
    await truncate(reference.file_path, 0);
    await expectRefusal(reference, "DATASET_TRUNCATED");
  });

  it("is altered: longer, other bytes, no JSON any more, other records", async () => {
    const bytes = await readFile(reference.file_path);
    for (const change of [
      () => Buffer.concat([bytes, Buffer.from("{}\n")]),
      () => Buffer.from(bytes.toString("latin1").replace("record 7", "record 8"), "latin1"),
      () => Buffer.from(bytes.toString("latin1").replace("{", "["), "latin1"),
      () => Buffer.alloc(bytes.length),
    ]) {
      await writeFile(reference.file_path, change());
      await expectRefusal(reference, "DATASET_ALTERED");
    }
    await writeFile(reference.file_path, bytes);
    await expectRefusal({ ...reference, record_count: 2_499 }, "DATASET_ALTERED");
    expect(await loadDataset(reference, { dir })).toEqual(records);
  });

  it("is a symbolic link, a hard link, a folder or a pipe", async () => {
    const elsewhere = join(base, "elsewhere");
    await rename(reference.file_path, elsewhere);
    await symlink(elsewhere, reference.file_path);
    await expectRefusal(reference, "DATASET_OUTSIDE");
    expect((await removeDatasets([reference], { dir })).failed[0].error).toMatch(/^DATASET_OUTSIDE: .*symbolic link/);
    await unlink(reference.file_path);
    await link(elsewhere, reference.file_path);
    await expectRefusal(reference, "DATASET_OUTSIDE");
    await unlink(reference.file_path);
    await mkdir(reference.file_path);
    await expectRefusal(reference, "DATASET_OUTSIDE");
    await rm(reference.file_path, { recursive: true });
    execFileSync("mkfifo", [reference.file_path]);
    await expectRefusal(reference, "DATASET_OUTSIDE");
    expect((await removeDatasets([reference], { dir })).failed[0].error).toMatch(/^DATASET_OUTSIDE/);
    expect(await readFile(elsewhere, "utf8")).toContain("record 2499");
  });

  it("is too large to load at once", async () => {
    await expect(loadDataset(reference, { dir, maxBytes: 1_000 })).rejects.toMatchObject({ code: "DATASET_TOO_LARGE" });
  });
});

describe("a record that is not what was returned", () => {
  it("is refused, whatever its paths say", async () => {
    const hostile = ["../x", "/etc/passwd", "a/b", "a\\b", "..", ".", "", "a\0b", ".hidden", "x".repeat(300), "a..b"];
    for (const path of hostile) await expectRefusal({ ...reference, path }, "DATASET_REFERENCE_INVALID");
    for (const wrong of [
      null,
      undefined,
      1,
      "x",
      [],
      {},
      { data_type: "other" },
      { ...reference, checksum: "x" },
      { ...reference, file_size_bytes: -1 },
    ]) {
      await expectRefusal(wrong, "DATASET_REFERENCE_INVALID");
    }
  });

  it("cannot lead elsewhere by its informative path", async () => {
    const record = { ...reference, file_path: "/etc/passwd" };
    expect(await loadDataset(record, { dir })).toEqual(records);
    await expect(loadDataset(reference, { dir: base })).rejects.toMatchObject({ code: "DATASET_MISSING" });
  });
});

describe("removeDatasets", () => {
  it("removes files one by one and reports what it could not remove", async () => {
    const second = await storeLargeDataset(records, { dir, thresholdMb: 0 });
    const vanished = await storeLargeDataset(records, { dir, thresholdMb: 0 });
    const blocked = (await storeLargeDataset(records, { dir, thresholdMb: 0 })) as FileReference;
    await unlink((vanished as FileReference).file_path);
    await unlink(blocked.file_path);
    await mkdir(blocked.file_path);
    const direct = await storeLargeDataset([1], { dir });
    const result = await removeDatasets(
      [reference, null, vanished, blocked, direct, { ...reference, path: "../data/x" }, second],
      { dir },
    );
    expect(result.cleaned).toEqual([reference.file_path, (second as FileReference).file_path]);
    expect(result.failed.map(({ file, error }) => [file, error.split(":")[0]])).toEqual([
      ["(no data-set record)", "DATASET_REFERENCE_INVALID"],
      [blocked.file_path, "DATASET_OUTSIDE"],
      [reference.file_path, "DATASET_REFERENCE_INVALID"],
    ]);
    expect(await removeDatasets([reference], { dir })).toEqual({ cleaned: [], failed: [] });
    expect(await removeDatasets([reference], { dir: join(base, "gone") })).toEqual({ cleaned: [], failed: [] });
  });

  it("without a folder cleans only where this process has stored", async () => {
    const foreign = join(base, "foreign");
    await mkdir(foreign);
    const copy = { ...reference, file_path: join(foreign, reference.path) };
    await writeFile(copy.file_path, await readFile(reference.file_path));
    const result = await removeDatasets([copy, reference]);
    expect(result.cleaned).toEqual([reference.file_path]);
    expect(result.failed[0]).toMatchObject({ file: copy.file_path, error: expect.stringContaining("DATASET_OUTSIDE") });
    expect(await readFile(copy.file_path, "utf8")).toContain("record 1");
  });
});
