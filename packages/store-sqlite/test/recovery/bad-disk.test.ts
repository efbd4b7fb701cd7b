import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { checkHistory } from "@millrace/testing";
import { expect, test } from "vitest";
import { check } from "../../src/index.ts";
import { scratchFolder, storeAt } from "../scratch.ts";

const program = [process.execPath, "--conditions=millrace-source", join(import.meta.dirname, "disk-life.ts")];

/** What `strace` makes of the n-th flush to the disk and of all after it. */
const failing = (flush: number): string[] => [
  "strace",
  "-f",
  "-qq",
  "-o",
  "/dev/null",
  "-e",
  "trace=fsync,fdatasync",
  "-e",
  `inject=fsync,fdatasync:error=EIO:when=${flush}+`,
];
const canFail = spawnSync("strace", [...failing(1).slice(1), "true"]).status === 0;

// Skipped where there is no strace; what a store says of such a disk, and what an engine does, is tried without it too.
test.skipIf(!canFail).each([12, 15])(
  "a disk that fails to keep what is written, at its flush %i, ends the engine; nothing it had told of is lost",
  { timeout: 120_000 },
  async (flush) => {
    const folder = scratchFolder();
    const [command = "", ...args] = [...failing(flush), ...program, folder, "200"];
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
    expect([status, stderr]).toEqual([1, expect.stringContaining("ENGINE_STOPPED STORE_DEVICE_FAILED")]);
    const told = stdout.split("\n").slice(0, -1);
    expect(told.length).toBeGreaterThan(0);
    const again = spawnSync(program[0] ?? "", [...program.slice(1), folder, String(told.length + 2)], {
      encoding: "utf8",
    });
    expect([again.status, again.stderr]).toEqual([0, ""]);
    const path = join(folder, "millrace.db");
    const store = storeAt(path);
    await store.open("reader");
    const stored = await store.runs.list({ limit: 10_000 });
    expect(stored.map(({ runId }) => runId)).toEqual(expect.arrayContaining(told));
    expect(new Set(stored.map(({ state }) => state))).toEqual(new Set(["success"]));
    expect(await checkHistory(store)).toEqual([]);
    expect((await check({ path })).problems).toEqual([]);
  },
);
