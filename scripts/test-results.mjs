// Reads what vitest left in every package (see vitest.mjs): counts the tests, and tells the failed ones in few lines.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./workspace.mjs";

export function clearResults(node) {
  for (const folder of packageFolders()) rmSync(resultFile(folder, node), { force: true });
}

/**
 * What became of a test step. `output` is what turbo printed: it names the tasks that failed, so a package that failed for
 * another reason than a test (a rejected promise, a crash) is counted and told in full.
 */
export function readResults(node, output) {
  const counted = { passed: 0, failed: 0, skipped: 0 };
  const explained = new Set();
  const lines = [];

  for (const folder of packageFolders().filter((it) => existsSync(resultFile(it, node)))) {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const results = JSON.parse(readFileSync(resultFile(folder, node), "utf8"));
    counted.passed += results.numPassedTests;
    counted.skipped += results.numPendingTests + results.numTodoTests;
    for (const file of results.testResults) {
      const failures = failuresOf(file);
      counted.failed += failures.length;
      if (failures.length > 0) explained.add(name);
      for (const { test, message } of failures) {
        lines.push(`✗ ${relative(root, file.name)}  ${test}`, withoutForeignFrames(message));
      }
    }
  }

  const failedTasks = /^ *Failed: +(.+)$/m.exec(output)?.[1].split(", ") ?? [];
  for (const task of failedTasks.filter((it) => !explained.has(it.slice(0, it.indexOf("#"))))) {
    counted.failed += 1;
    const prefix = `${task.replace("#", ":")}: `;
    lines.push(...output.split("\n").filter((line) => line.startsWith(prefix)));
  }
  return { ...counted, explanation: lines.join("\n") };
}

/** A file that does not load has no tests that could fail. */
function failuresOf({ status, message, assertionResults }) {
  if (status === "failed" && assertionResults.length === 0) return [{ test: "(does not load)", message }];
  return assertionResults
    .filter((it) => it.status === "failed")
    .map((it) => ({ test: it.fullName, message: it.failureMessages.join("\n") }));
}

function withoutForeignFrames(message) {
  const foreign = /^ *at .*(\/node_modules\/|<anonymous>|node:internal)/;
  return message
    .split("\n")
    .filter((line) => !foreign.test(line))
    .map((line) => `    ${line.replaceAll(`${root}/`, "")}`)
    .join("\n");
}

function packageFolders() {
  const inFolders = ["packages", "examples"].flatMap((kind) =>
    readdirSync(join(root, kind)).map((name) => join(root, kind, name)),
  );
  return [...inFolders, join(root, "bench")];
}

function resultFile(folder, node) {
  return join(folder, ".results", `${node}.json`);
}
