// House rules that no linter knows, checked on the syntax tree. `node scripts/gates/source-rules.mjs [folder]`
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import ts from "typescript";

/** The only files that may read the time, wait or draw random numbers: they are what the rest has injected. */
const sourcesOfTimeAndChance = new Set([
  "packages/core/src/time/clock.ts",
  "packages/core/src/time/meter.ts",
  "packages/core/src/time/random.ts",
  "packages/core/src/time/ids.ts",
]);

/** Packages whose code must run under a simulated clock. */
const simulated = /^packages\/(core|store-sqlite|resilience|xcom-[^/]+|notify|sensors|dag-factory|backfill)\/src\//;

const linesPerThought = 400;

const timeAndChance = new Set([
  "Date.now",
  "performance.now",
  "process.hrtime",
  "process.hrtime.bigint",
  "Temporal.Now",
  "Math.random",
  "setTimeout",
  "setInterval",
  "AbortSignal.timeout",
  "randomUUID",
  "crypto.randomUUID",
]);
const timerModules = new Set(["node:timers", "node:timers/promises", "timers", "timers/promises"]);
const unnamed = /^(utils?|helpers?|common|misc)(\.|$)/;
const unfinishedTest = /^(it|test|describe|suite)(\.\w+)*\.(only|skip|todo)$|^(xit|xdescribe|xtest|fit|fdescribe)$/;

const faults = [];
const warnings = [];
const files = globSync("{packages,examples,bench,scripts}/**/*.{ts,mts,tsx,js,mjs}", {
  exclude: (name) => ["node_modules", "dist", ".artifacts", ".turbo"].includes(basename(name)),
}).sort();

for (const file of files) checkFile(file.replaceAll("\\", "/"));
for (const file of globSync("{packages,examples}/*/package.json")) checkManifest(file.replaceAll("\\", "/"));

for (const file of globSync(".changeset/*.md")) checkChangeset(file.replaceAll("\\", "/"));

for (const warning of warnings) console.log(`warning  ${warning}`);
for (const fault of faults) console.error(`fault    ${fault}`);
console.log(`${files.length} files, ${faults.length} faults, ${warnings.length} warnings`);
process.exitCode = faults.length > 0 ? 1 : 0;

function checkFile(file) {
  for (const part of file.split("/")) {
    if (unnamed.test(part)) faults.push(`${file}  "${part}" says nothing: name the thing that is in it`);
  }
  const text = readFileSync(file, "utf8");
  const isTest = /\.test(-d)?\.ts$|\/test\//.test(file);
  const lines = text.split("\n").length;
  if (!isTest && lines > linesPerThought)
    warnings.push(`${file}  ${lines} lines: past ${linesPerThought} it is two thoughts`);

  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const injected = !isTest && simulated.test(file) && !sourcesOfTimeAndChance.has(file);
  const mayExit = file.startsWith("packages/cli/") || !file.startsWith("packages/");
  visit(tree);

  function visit(node) {
    if (isTest && ts.isCallExpression(node)) {
      const called = nameOf(node.expression);
      if (unfinishedTest.test(called))
        report(node, `${called}: a test is finished or it is not there (it.skipIf takes a reason)`);
    }
    if (injected) checkTimeAndChance(node);
    if (!mayExit && ts.isPropertyAccessExpression(node) && nameOf(node) === "process.exit") {
      report(node, "process.exit: only the command (packages/cli) may end the process");
    }
    ts.forEachChild(node, visit);
  }

  function checkTimeAndChance(node) {
    if (ts.isNewExpression(node) && nameOf(node.expression) === "Date" && !node.arguments?.length) {
      report(node, "new Date() reads the time: timers only through the injected clock");
    } else if (ts.isCallExpression(node) && nameOf(node.expression) === "Date") {
      report(node, "Date() reads the time: timers only through the injected clock");
    } else if (ts.isImportDeclaration(node) && timerModules.has(node.moduleSpecifier.text)) {
      report(node, `${node.moduleSpecifier.text}: timers only through the injected clock`);
    } else if (isUse(node) && timeAndChance.has(nameOf(node).replace(/^globalThis\./, ""))) {
      report(node, `${nameOf(node)}: time, timers and chance only through the injected clock, randomness and ids`);
    }
  }

  function report(node, message) {
    const { line, character } = tree.getLineAndCharacterOfPosition(node.getStart(tree));
    faults.push(`${file}:${line + 1}:${character + 1}  ${message}`);
  }
}

/** What every package has to say about itself, so that its tests are counted and its users are told what it needs. */
function checkManifest(file) {
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  const expect = (condition, rule) => condition || faults.push(`${file}  ${rule}`);
  expect(manifest.type === "module", 'type is "module"');
  expect(manifest.license === "Apache-2.0", 'license is "Apache-2.0"');
  expect(manifest.scripts?.test === "node ../../scripts/vitest.mjs", "scripts.test is: node ../../scripts/vitest.mjs");
  if (manifest.private) return;
  expect(manifest.engines?.node === ">=24", 'engines.node is ">=24"');
  expect(manifest.description && manifest.repository?.directory, "description and repository.directory are there");
  expect(manifest.files?.includes("dist"), 'files has "dist"');
  expect(manifest.publishConfig?.access === "public", 'publishConfig.access is "public"');
  for (const name of ["README.md", "LICENSE"]) expect(existsSync(join(dirname(file), name)), `${name} lies beside it`);
}

/** A changeset that cannot be read would be noticed only at the release. */
function checkChangeset(file) {
  const head = /^---\n((?:"[^"\n]+": (?:major|minor|patch)\n)+)---\n\n\S/.exec(readFileSync(file, "utf8"));
  if (!head)
    return faults.push(
      `${file}  begins with lines like \`"@millrace/core": minor\` between two lines of ---, then the text`,
    );
  for (const [, name] of head[1].matchAll(/^"([^"]+)"/gm)) {
    if (!packageNames().includes(name)) faults.push(`${file}  there is no package ${name}`);
  }
}

function packageNames() {
  return globSync("packages/*/package.json").map((file) => JSON.parse(readFileSync(file, "utf8")).name);
}

/** A name where its value is used: not where it is declared, imported as a type or the key of an object. */
function isUse(node) {
  if (ts.isPropertyAccessExpression(node))
    return !ts.isPropertyAccessExpression(node.parent) || node.parent.name !== node;
  if (!ts.isIdentifier(node)) return false;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return false;
  return !(parent.name === node || ts.isTypeNode(parent) || ts.isQualifiedName(parent)) || ts.isImportSpecifier(parent);
}

/** `a.b.c` of an identifier or a chain of property accesses, else the empty string. */
function nameOf(node) {
  if (ts.isIdentifier(node)) return node.text;
  if (!ts.isPropertyAccessExpression(node)) return "";
  const object = nameOf(node.expression);
  return object === "" ? "" : `${object}.${node.name.text}`;
}
