import { execFileSync, spawnSync } from "node:child_process";

/** Runs a program that sees a file system of its own over a folder; `options` are those of `mount`. */
const inside = (mount: string) => ["-rm", "sh", "-c", `${mount} && exec "$@"`];

/** Whether a process may have file systems of its own here. */
export const canMount =
  spawnSync("unshare", [...inside('mount -t tmpfs tmpfs "$0"'), import.meta.dirname, "true"]).status === 0;

/** Runs a script of this folder on a disk of 2 MB over `folder`. */
export function runOnSmallDisk(script: URL, folder: string, ...args: readonly string[]): string {
  return run('mount -t tmpfs -o size=2m tmpfs "$0"', script, folder, args);
}

/** Runs a script of this folder while nobody, not even root, may write to `folder`. */
export function runOnReadOnlyDisk(script: URL, folder: string): string {
  return run('mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"', script, folder);
}

function run(mount: string, script: URL, folder: string, args: readonly string[] = []): string {
  const program = [process.execPath, "--conditions=millrace-source", script.pathname, folder, ...args];
  return execFileSync("unshare", [...inside(mount), folder, ...program], { encoding: "utf8" });
}
