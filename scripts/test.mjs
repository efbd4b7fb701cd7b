// `npm test`: installs, builds, runs every gate and every test. `npm test -- types lint` runs only the steps named.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { enterWorkspace, root } from "./workspace.mjs";

enterWorkspace();
if (!process.stdout.isTTY) process.env.NO_COLOR = "1";

const gate = (name) => [process.execPath, `scripts/gates/${name}.mjs`];
const turbo = (task, ...more) => [
  "turbo",
  "run",
  task,
  "--continue",
  "--output-logs=errors-only",
  "--log-prefix=task",
  ...more,
];

/** In this order; a step marked `needed` ends the run when it fails, because all that follow would fail with it. */
const steps = [
  { name: "build", about: "every package, by tsup", command: turbo("build", "--concurrency=3"), needed: true },
  { name: "lint", about: "format and lint, by biome", command: ["biome", "ci", "--colors=off", "."] },
  {
    name: "rules",
    about: "house rules: injected time, names, tests, process.exit, manifests",
    command: gate("source-rules"),
  },
  { name: "types", about: "sources and tests, by tsc", command: ["tsc", "-p", "tsconfig.json"] },
  { name: "dependencies", about: "who may import whom, and cycles", command: gate("dependencies") },
  {
    name: "unused",
    about: "exports and dependencies nobody uses, by knip",
    command: ["knip", "--no-progress", "--no-config-hints"],
  },
  { name: "packages", about: "packed tarballs, by publint and attw", command: gate("packages") },
  { name: "consumer", about: "a project outside the workspace", command: gate("consumer") },
  { name: "examples", about: "the code in READMEs, docs and TSDoc", command: gate("examples") },
  {
    name: "tests",
    about: "every package and example on Node 26",
    command: turbo("test", "--concurrency=2"),
    results: "node26",
  },
  {
    name: "tests-node24",
    about: "runtime packages again on Node 24",
    command: turbo("test:node24", "--concurrency=2"),
    results: "node24",
  },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`There is no step ${unknown.join(", ")}. The steps: ${steps.map(({ name }) => name).join(" ")}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
const failedSteps = [];

for (const step of steps.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const outcome = await runStep(step);
  passed += outcome.passed;
  failed += outcome.failed;
  if (outcome.failed > 0) failedSteps.push(step.name);
  if (outcome.failed > 0 && step.needed) break;
}

if (failedSteps.length > 0)
  console.log(`\nFailed: ${failedSteps.join(", ")}. One step alone: npm test -- ${failedSteps[0]}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** Counts the tests of a step that has any, else the step itself. */
async function runStep(step) {
  if (step.results) for (const file of resultFiles(step.results)) rmSync(file);
  const started = performance.now();
  const { ok, output } = await run(step.command);
  const counted = step.results ? countTests(step.results) : { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  // A crash outside any test counts as well.
  if (!ok && counted.failed === 0) counted.failed = 1;

  const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`.padStart(8);
  const tests = step.results ? ` (${counted.passed} passed, ${counted.failed} failed)` : "";
  console.log(`${ok ? "✓" : "✗"} ${step.name.padEnd(13)}${seconds}  ${step.about}${tests}`);
  if (!ok) console.log(`\n${output.trim()}\n`);
  else for (const line of output.split("\n").filter((text) => text.startsWith("warning "))) console.log(`    ${line}`);
  return counted;
}

function run([command, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        output += text;
      });
    }
    child.on("error", (error) => resolve({ ok: false, output: String(error) }));
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

function countTests(node) {
  const count = { passed: 0, failed: 0 };
  for (const file of resultFiles(node)) {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, "utf8"));
    count.passed += numPassedTests;
    // A file that does not load has no tests to fail.
    count.failed +=
      numFailedTests + testResults.filter((it) => it.status === "failed" && it.assertionResults.length === 0).length;
  }
  return count;
}

function resultFiles(node) {
  return ["packages", "examples"]
    .flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => join(root, folder, name, ".results", `${node}.json`)),
    )
    .filter((file) => existsSync(file));
}
