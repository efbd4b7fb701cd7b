// A project outside the workspace: installs the packed tarballs with npm and without their scripts, type-checks against
// them under ES2022, imports every door, runs its program on both Node versions, and starts the command. Then a project
// that `millrace init` makes.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryNewProject } from "../new-project.mjs";
import { doorsOf, packPublishedPackages } from "../published-packages.mjs";
import { node24, node26, root } from "../workspace.mjs";

using packed = await packPublishedPackages();
const project = mkdtempSync(join(tmpdir(), "millrace-consumer-"));
const tarballs = Object.fromEntries(packed.packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

// Outside the workspace nothing may find the workspace's packages by accident.
const env = { ...process.env, NODE_PATH: "", NODE_OPTIONS: "" };

try {
  cpSync(join(root, "scripts", "consumer"), project, { recursive: true });
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({
      name: "consumer",
      private: true,
      type: "module",
      dependencies: tarballs,
      // vitest: the suites of @millrace/testing are written for it.
      devDependencies: { "@types/node": devDependencies["@types/node"], vitest: devDependencies.vitest },
      // The packages ask each other for versions that are not in any registry yet.
      overrides: Object.fromEntries(Object.keys(tarballs).map((name) => [name, `$${name}`])),
    }),
  );
  step("npm install --ignore-scripts", "npm", [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--loglevel=error",
  ]);
  step("type check", process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", "."]);
  for (const node of [node26, node24]) {
    const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
    for (const door of packed.packages.flatMap(doorsOf)) {
      step(`import ${door} on ${version}`, node, ["--input-type=module", "--eval", `await import("${door}")`]);
    }
    step(`program on ${version}`, node, ["out/program.js"]);
    step(`millrace run of a bundled DAG file on ${version}`, node, [
      "node_modules/millrace/bin/millrace.mjs",
      "run",
      "bundled",
    ]);
    step(`millrace --help on ${version}`, node, ["node_modules/millrace/bin/millrace.mjs", "--help"]);
  }
  tryNewProject({ millrace: join(project, "node_modules/millrace/bin/millrace.mjs"), tarballs, step });
} catch (fault) {
  console.error(fault.message);
  process.exitCode = 1;
} finally {
  rmSync(project, { recursive: true, force: true });
}

function step(what, command, args, { cwd = project, env: more } = {}) {
  const result = spawnSync(command, args, { cwd, env: { ...env, ...more }, encoding: "utf8", timeout: 120_000 });
  if (result.status !== 0) throw new Error(`fault ${what}\n${result.error ?? ""}${result.stdout}${result.stderr}`);
  console.log(`ok    ${what}`);
}
