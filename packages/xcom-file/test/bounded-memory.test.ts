import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "bounded-memory-"));
});
afterAll(() => rm(base, { recursive: true }));

const script = join(import.meta.dirname, "stream-in-little-memory.ts");

const littleMemory = ["--conditions=millrace-source", "--max-old-space-size=32", "--max-semi-space-size=2"];

function run(...args: [megabytes: string, format: string, reading: string]) {
  return spawnSync(process.execPath, [...littleMemory, script, ...args], { encoding: "utf8", timeout: 120_000 });
}

describe("an XCom of 200 MB", { timeout: 120_000 }, () => {
  it("is streamed to its file and back in 64 MiB", () => {
    const xcomScript = join(import.meta.dirname, "stream-xcom-in-little-memory.ts");
    const { stdout, stderr } = spawnSync(process.execPath, [...littleMemory, xcomScript, "200"], {
      encoding: "utf8",
      timeout: 120_000,
    });
    expect(stderr).toBe("");
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ sizeMb: 200, isSame: true });
    expect(report.grownMb).toBeLessThan(64);
  });
});

describe("a data set three times the heap", { timeout: 120_000 }, () => {
  it.each(["ndjson", "json"])("is stored and streamed as %s", (format) => {
    const { stdout, stderr } = run("100", format, "stream");
    expect(stderr).toBe("");
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ count: 102_400, read: 102_400, isSumRight: true });
    expect(report.sizeMb).toBeGreaterThan(98);
    // The whole process, of which Node itself takes some 50 to 70 MB.
    expect(report.peakMb).toBeLessThan(160);
  });

  it("cannot be loaded at once in the same heap, so the limit is real", () => {
    const { status, stdout } = run("100", "ndjson", "load");
    expect(status).not.toBe(0);
    expect(stdout).toBe("");
  });
});
