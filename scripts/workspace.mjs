// Brings a fresh clone to the point where everything runs on the workspace's own Node.
// Runs on whatever Node the machine has (18.12 or newer), so it uses nothing but Node's own modules.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const windows = process.platform === "win32";
export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const node26 = nodeBinary("node");
export const node24 = nodeBinary("node24");
/** What Node compiled once: a process that runs our sources starts in a third of the time. The tests start a thousand. */
export const compileCache = join(root, "node_modules", ".cache", "node-compile");
const stampFile = join(root, "node_modules", ".installed-from");

/**
 * Call first in every script. Installs what is missing, then starts the script again on the workspace's Node;
 * returns only there. Packages are installed by a pinned pnpm through npx, so nothing has to be set up by hand.
 */
export function enterWorkspace() {
  if (process.env.MILLRACE_WORKSPACE !== root) install();
  Object.assign(process.env, workspaceEnv(), { MILLRACE_WORKSPACE: root });
  if (process.execPath === realpathSync(node26)) return;
  const result = spawnSync(node26, process.argv.slice(1), { stdio: "inherit" });
  if (result.error) throw result.error;
  process.exit(result.status ?? 1);
}

/** The environment in which `node`, `pnpm`, `turbo` … are the workspace's own. */
export function workspaceEnv() {
  // The binary's own folder comes first: the `node` in .bin is a shell script that costs a process per start.
  const path = [dirname(node26), join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  // NODE_ENV=production on the machine is about its programs, not about ours.
  return {
    ...process.env,
    PATH: path,
    NODE_ENV: "",
    NODE_COMPILE_CACHE: compileCache,
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
  };
}

function nodeBinary(alias) {
  return join(root, "node_modules", alias, "bin", windows ? "node.exe" : "node");
}

function install() {
  const wanted = dependencyFingerprint();
  const installed = existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted;
  if (installed && existsSync(node26) && existsSync(node24)) return;

  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  console.log(`Installing the workspace with ${packageManager} (the first time takes a minute) …`);
  const started = Date.now();
  const result = spawnSync(
    windows ? "npx.cmd" : "npx",
    ["--yes", packageManager, "install", "--frozen-lockfile", "--prod=false"],
    {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 64 * 2 ** 20,
      shell: windows,
      // CI=1: pnpm asks nothing, also when it finds a node_modules that another version made.
      env: { ...process.env, CI: "1", npm_config_engine_strict: "false" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  if (result.error || result.status !== 0) {
    console.error(result.error ?? `${result.stdout}\n${result.stderr}`);
    console.error("The installation failed; the text above is what the package manager said.");
    process.exit(1);
  }
  if (!existsSync(node26) || !existsSync(node24)) {
    console.error(
      "The installation left out the workspace's Node: its install script did not run. Is `ignore-scripts` set in an .npmrc?",
    );
    process.exit(1);
  }
  writeFileSync(stampFile, wanted);
  console.log(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
}

/** Changes whenever an installation could: with the lockfile, a package.json, or the machine's kind. */
function dependencyFingerprint() {
  const files = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", "bench/package.json"];
  for (const folder of ["packages", "examples"]) {
    for (const name of readdirSync(join(root, folder)).sort()) files.push(`${folder}/${name}/package.json`);
  }
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  for (const file of files.filter((name) => existsSync(join(root, name)))) {
    hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}
