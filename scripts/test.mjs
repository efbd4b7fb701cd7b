// `npm test`: installs, builds, runs every gate and every test. `npm test -- types lint` runs only the steps named.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { clearResults, readResults } from "./test-results.mjs";
import { compileCache, enterWorkspace, root } from "./workspace.mjs";

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

/**
 * In this order, but for neighbours of different lanes, which run at the same time. A step that is `needed` ends the run when
 * it fails; one that looks at `dist` has the build before it.
 */
const steps = [
  { name: "build", about: "every package, by tsup", command: turbo("build", "--concurrency=3"), needed: true },
  { name: "lint", lane: "b", about: "format and lint, by biome", command: ["biome", "ci", "--colors=off", "."] },
  {
    name: "rules",
    lane: "b",
    about: "house rules: injected time, names, tests, process.exit, manifests",
    command: gate("source-rules"),
  },
  { name: "types", lane: "a", about: "sources and tests, by tsc", command: ["tsc", "-p", "tsconfig.json"] },
  { name: "dependencies", lane: "b", about: "who may import whom, and cycles", command: gate("dependencies") },
  {
    name: "unused",
    lane: "b",
    about: "exports and dependencies nobody uses, by knip",
    command: ["knip", "--no-progress", "--no-config-hints"],
  },
  { name: "packages", lane: "a", about: "packed tarballs, by publint and attw", command: gate("packages"), dist: true },
  { name: "consumer", lane: "a", about: "a project outside the workspace", command: gate("consumer"), dist: true },
  {
    name: "errors",
    lane: "b",
    about: "every error code: thrown, and in docs/errors.md",
    command: [process.execPath, "--conditions=millrace-source", "scripts/gates/errors.mjs"],
  },
  { name: "examples", lane: "b", about: "the code in READMEs, docs and TSDoc", command: gate("examples") },
  { name: "demo", lane: "b", about: "the README's other command", command: [process.execPath, "scripts/demo.mjs"] },
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

const chosen = chooseSteps(process.argv.slice(2));
// It also holds what tests wrote into folders of their own and ran from there: it would grow with every run.
if (chosen === steps) rmSync(compileCache, { recursive: true, force: true });
const failedSteps = [];
let passed = 0;
let failed = 0;

for (const lanes of lanesOf(chosen)) {
  await Promise.all(lanes.map(runLane));
  if (lanes.some((lane) => lane.some((step) => step.needed && failedSteps.includes(step.name)))) break;
}

if (failedSteps.length > 0) {
  console.log(`\nFailed: ${failedSteps.join(", ")}. One step alone: npm test -- ${failedSteps[0]}`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** Steps that stand together and have lanes, by lane; every other one by itself. */
function lanesOf(all) {
  const groups = [];
  for (const step of all) {
    const group = groups.at(-1);
    if (!step.lane || !group?.[0][0].lane) groups.push([[step]]);
    else {
      const lane = group.find(([first]) => first.lane === step.lane);
      if (lane) lane.push(step);
      else group.push([step]);
    }
  }
  return groups;
}

async function runLane(lane) {
  for (const step of lane) {
    const outcome = await runStep(step);
    passed += outcome.passed;
    failed += outcome.failed;
    if (outcome.failed > 0) failedSteps.push(step.name);
  }
}

function chooseSteps(names) {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`There is no step ${unknown.join(", ")}. The steps: ${steps.map(({ name }) => name).join(" ")}`);
    process.exit(2);
  }
  if (names.length === 0) return steps;
  const looksAtDist = steps.some(({ name, dist }) => dist && names.includes(name));
  return steps.filter(({ name }) => names.includes(name) || (name === "build" && looksAtDist));
}

/** Counts the tests of a step that has any, else the step itself. */
async function runStep({ name, about, command, results }) {
  if (results) clearResults(results);
  const started = performance.now();
  if (process.stdout.isTTY) process.stdout.write(`… ${name}`);
  const { ok, output } = await run(command);
  if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
  const outcome = results ? readResults(results, output) : { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  if (!ok && outcome.failed === 0) outcome.failed = 1;

  const time = `${((performance.now() - started) / 1000).toFixed(1)} s`.padStart(8);
  console.log(`${ok ? "✓" : "✗"} ${name.padEnd(13)}${time}  ${about}${results ? counts(outcome) : ""}`);
  if (!ok) console.log(`\n${outcome.explanation || output.trim()}\n`);
  else for (const line of output.split("\n").filter((text) => text.startsWith("warning "))) console.log(`    ${line}`);
  return outcome;
}

function counts({ passed, failed, skipped }) {
  return ` (${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""})`;
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
