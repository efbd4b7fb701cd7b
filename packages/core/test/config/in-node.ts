import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const engineDoor = new URL("../../src/engine.ts", import.meta.url).href;
const authorsDoor = new URL("../../src/index.ts", import.meta.url).href;

/** A temporary project with the files given; `{core}` in a file stands for door "." of core. */
export function projectWith(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-load-")));
  const all = { "package.json": `{ "type": "module" }`, ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text.replaceAll("{core}", authorsDoor));
  }
  return folder;
}

/**
 * Evaluates code in a Node of its own, so that files are loaded by Node itself and not by the test runner.
 * The code finds door "./engine" of core as `engine` and puts its result into `result`.
 */
export function inNode(folder: string, code: string, env: Readonly<Record<string, string>> = {}): unknown {
  const program = `import * as engine from ${JSON.stringify(engineDoor)};\nlet result;\n${code}\nconsole.log("\\n" + JSON.stringify(result));`;
  const printed = execFileSync(
    process.execPath,
    ["--conditions=millrace-source", "--no-warnings", "--input-type=module", "--eval", program],
    {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    },
  );
  return JSON.parse(printed.trimEnd().split("\n").at(-1) ?? "null");
}

/** Begins code for {@link inNode}: what makes and loads bundles, and a home beside the project's files. */
export const withBundles = (folder: string): string => `
const home = "${folder}/.millrace";
const { buildBundle } = await import("${new URL("../../src/config/bundles/build-bundle.ts", import.meta.url)}");
const { bundleFile } = await import("${new URL("../../src/config/bundles/bundle-file.ts", import.meta.url)}");
const { freshLook } = await import("${new URL("../../src/config/bundles/inputs.ts", import.meta.url)}");
const { bundlePath, keepBundle } = await import("${new URL("../../src/config/bundles/bundle-folder.ts", import.meta.url)}");
const make = async (name) => {
  const { bundle } = await buildBundle(home, "${folder}/" + name);
  await keepBundle(home, bundle);
  return bundle.hash;
};
const load = async (hash) => (await engine.loadBundle({ home, hash }));
const failure = async (work) => { try { await work(); } catch (error) { return { code: error.code, message: error.message }; } };
`;
