import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const program = `
import { storeLargeDataset } from "@millrace/xcom-file";
const data = Array.from({ length: 50_000 }, (_, id) => ({ id, text: "0123456789abcdef" }));
await storeLargeDataset(data, { dir: process.argv[1] }).then(
  () => console.log("stored"),
  (error) => console.log(error.code, error.cause?.code),
);`;

describe("a disk without room", () => {
  it("is a typed error that leaves nothing behind", async () => {
    const dir = await mkdtemp(join(tmpdir(), "full-"));
    // No real full disk is at hand everywhere; a limit on file size stops the write at the same place.
    const command = 'ulimit -f 1024; exec "$0" --conditions=millrace-source --input-type=module -e "$1" "$2"';
    const { stdout, stderr } = spawnSync("bash", ["-c", command, process.execPath, program, dir], {
      encoding: "utf8",
      cwd: join(import.meta.dirname, ".."),
    });
    expect({ stdout, stderr }).toEqual({ stdout: "DATASET_DISK_FULL EFBIG\n", stderr: "" });
    expect(await readdir(dir)).toEqual([]);
    await rmdir(dir);
  });
});
