// Sees every gate fail: plants one fault at a time in a copy of the last commit and runs the gate that must find it.
// `npm run planted-faults`, or with words that a fault's gate or description must contain. The table goes to docs/gates.md.
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { faults } from "./fault-list.mjs";
import { enterWorkspace, node26, root } from "./workspace.mjs";

enterWorkspace();

const words = process.argv.slice(2);
const chosen = faults.filter(({ gate, fault }) => words.every((word) => `${gate} ${fault}`.includes(word)));
const needsBuild = ["packages", "consumer", "tests", "tests-node24"];

const copy = mkdtempSync(join(tmpdir(), "millrace-planted-"));
const rows = [];
try {
  git(root, "clone", "--quiet", root, copy);
  if (sh(root, "git", ["status", "--porcelain"]).output.trim()) console.log("Uncommitted changes are not in the copy.");
  inCopy("build", { MILLRACE_WORKSPACE: "" });
  for (const fault of chosen) rows.push(tryFault(fault));
} finally {
  rmSync(copy, { recursive: true, force: true });
}

console.log(`\n| gate | planted fault | what it said |\n| --- | --- | --- |\n${rows.map(({ row }) => row).join("\n")}`);
const missed = rows.filter(({ found }) => !found).length;
console.log(`\n${rows.length - missed} found, ${missed} missed`);
process.exitCode = missed > 0 ? 1 : 0;

function tryFault({ gate, fault, files = {}, manifest, says, warns = false }) {
  if (needsBuild.includes(gate)) inCopy("build");
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    appendFileSync(join(copy, file), text);
  }
  if (manifest) {
    const file = join(copy, "packages", manifest[0], "package.json");
    const content = JSON.parse(readFileSync(file, "utf8"));
    manifest[1](content);
    writeFileSync(file, JSON.stringify(content, null, 2));
  }

  // A fault in dist would not outlive the build that goes before such a step.
  const inDist = Object.keys(files).some((file) => file.includes("/dist/"));
  const { status, output } = inDist ? sh(copy, node26, [`scripts/gates/${gate}.mjs`]) : inCopy(gate);
  const line = output.split("\n").find((text) => says.test(text)) ?? (says.exec(output)?.[0] ?? "").split("\n").at(-1);
  const found = (warns ? status === 0 : status !== 0) && says.test(output);
  console.log(`${found ? "found " : "MISSED"} ${gate}: ${fault}`);
  if (!found) console.log(output);

  git(copy, "checkout", "--quiet", ".");
  git(copy, "clean", "--quiet", "-fd");
  // What is built is not git's to restore; the next build fetches it from its cache.
  for (const file of Object.keys(files).filter((name) => name.includes("/dist/"))) {
    rmSync(join(copy, dirname(file)), { recursive: true, force: true });
  }
  const said = line.replace(/━+/g, "").trim().replaceAll("|", "\\|").replace(/\s+/g, " ").slice(0, 110);
  return { found, row: `| ${gate} | ${fault} | ${found ? `\`${said}\`` : "**missed**"} |` };
}

/** One step of `npm test` in the copy. Its manifests may be planted, so nothing is installed again. */
function inCopy(step, env = { MILLRACE_WORKSPACE: copy }) {
  return sh(copy, process.execPath, ["scripts/test.mjs", step], { ...env, NO_COLOR: "1" });
}

function git(cwd, ...args) {
  const { status, output } = sh(cwd, "git", args);
  if (status !== 0) throw new Error(output);
}

function sh(cwd, command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 64 * 2 ** 20,
  });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}
