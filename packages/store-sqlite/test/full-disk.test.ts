import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scratchFolder } from "./scratch.ts";

/** A file system of 2 MB over a folder, which only the command started in it sees, and which ends with it. */
const inSmallDisk = ["-rm", "sh", "-c", 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"'];
const canMount = spawnSync("unshare", [...inSmallDisk, import.meta.dirname, "true"]).status === 0;

test.skipIf(!canMount)(
  "a disk that really is full refuses groups and loses none (skipped where a process may not mount a small disk of its own)",
  { timeout: 60_000 },
  () => {
    const script = fileURLToPath(new URL("./fill-the-disk.ts", import.meta.url));
    const folder = scratchFolder();
    const program = [process.execPath, "--conditions=millrace-source", script, folder];
    const output = execFileSync("unshare", [...inSmallDisk, folder, ...program], { encoding: "utf8" });
    const { stored, refusals, problems } = JSON.parse(output);
    expect(problems).toEqual([]);
    expect(stored).toBeGreaterThan(50);
    // Some before there was room again, and some when that was used up as well.
    expect(refusals).toBe(5);
  },
);
