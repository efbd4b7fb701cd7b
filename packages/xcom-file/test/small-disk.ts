import { execFileSync, spawnSync } from "node:child_process";

/** Runs a program that sees a file system of its own over a folder; `options` are those of `mount`. */
const inside = (mount: string) => ["-rm", "sh", "-c", `${mount} && exec "$@"`];

/** Whether a process may have file systems of its own here. */
export const canMount =
  spawnSync("unshare", [...inside('mount -t tmpfs tmpfs "$0"'), import.meta.dirname, "true"]).status === 0;

/** Runs a program text, which is given the folder, on a disk of 2 MB over that folder. */
export function runOnSmallDisk(program: string, folder: string): unknown {
  return run('mount -t tmpfs -o size=2m tmpfs "$0"', program, folder);
}

/** Runs a program text while nobody, not even root, may write to the folder. */
export function runOnReadOnlyDisk(program: string, folder: string): unknown {
  return run('mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"', program, folder);
}

function run(mount: string, program: string, folder: string): unknown {
  const options = ["--conditions=millrace-source", "--input-type=module", "-e", program, folder];
  const output = execFileSync("unshare", [...inside(mount), folder, process.execPath, ...options], {
    encoding: "utf8",
  });
  return JSON.parse(output);
}
