import { spawnSync } from "node:child_process";
import { root } from "./workspace.mjs";

/** Builds what the package imports (cached), then runs one of its scripts with this terminal and these arguments. */
export function runInPackage(name, script, args = []) {
  const build = spawnSync("turbo", ["run", "build", `--filter=${name}^...`, "--output-logs=errors-only"], {
    cwd: root,
    encoding: "utf8",
  });
  if (build.status !== 0) {
    console.error(build.error ?? build.stdout + build.stderr);
    return 1;
  }
  const run = spawnSync("pnpm", ["--silent", "--filter", name, "run", script, ...args], {
    cwd: root,
    stdio: "inherit",
  });
  return run.status ?? 1;
}
