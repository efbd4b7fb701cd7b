// docs/errors.md tells every error: code, what happened, the cure. `node --conditions=millrace-source scripts/gates/errors.mjs
// --update` writes the page anew; without it the page, the tables and the code that throws are held together.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { backfillErrorTable } from "../../packages/backfill/src/errors.ts";
import { cliErrorTable } from "../../packages/cli/src/errors.ts";
import { coreErrorTable } from "../../packages/core/src/errors.ts";
import { notifyErrorTable } from "../../packages/notify/src/errors.ts";
import { resilienceErrorTable } from "../../packages/resilience/src/errors.ts";
import { sqliteErrorTable } from "../../packages/store-sqlite/src/sqlite-errors.ts";
import { testingErrorTable } from "../../packages/testing/src/errors.ts";
import { aesGcmErrorTable } from "../../packages/xcom-aes-gcm/src/errors.ts";
import { fileErrorTable } from "../../packages/xcom-file/src/errors.ts";
import { gzipErrorTable } from "../../packages/xcom-gzip/src/errors.ts";
import { hybridErrorTable } from "../../packages/xcom-hybrid/src/errors.ts";
import { s3ErrorTable } from "../../packages/xcom-s3/src/errors.ts";
import { root } from "../workspace.mjs";

const packages = [
  { name: "@millrace/core", folder: "core", table: coreErrorTable },
  { name: "@millrace/store-sqlite", folder: "store-sqlite", table: sqliteErrorTable },
  { name: "millrace (the command)", folder: "cli", table: cliErrorTable },
  { name: "@millrace/xcom-file", folder: "xcom-file", table: fileErrorTable },
  { name: "@millrace/xcom-gzip", folder: "xcom-gzip", table: gzipErrorTable },
  { name: "@millrace/notify", folder: "notify", table: notifyErrorTable },
  { name: "@millrace/xcom-hybrid", folder: "xcom-hybrid", table: hybridErrorTable },
  { name: "@millrace/xcom-aes-gcm", folder: "xcom-aes-gcm", table: aesGcmErrorTable },
  { name: "@millrace/xcom-s3", folder: "xcom-s3", table: s3ErrorTable },
  { name: "@millrace/resilience", folder: "resilience", table: resilienceErrorTable },
  { name: "@millrace/backfill", folder: "backfill", table: backfillErrorTable },
  { name: "@millrace/testing", folder: "testing", table: testingErrorTable },
];
const page = join(root, "docs", "errors.md");
const faults = [];

const known = new Map();
for (const { folder, table } of packages) {
  for (const code of Object.keys(table)) {
    if (known.has(code)) faults.push(`${code} stands in the tables of ${known.get(code)} and ${folder}`);
    known.set(code, folder);
  }
}

// Whoever throws a code names it as a text; plug-ins also throw those of core.
const thrown = new Set();
for (const file of globSync("packages/*/src/**/*.ts", { cwd: root })) {
  if (/\.test(-d)?\.ts$/.test(file)) continue;
  const text = readFileSync(join(root, file), "utf8");
  const uses = text.matchAll(/["']([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)["']/g);
  for (const [, code] of uses) thrown.add(code);
  for (const [, code] of text.matchAll(/\b\w*[eE]rror\(\s*"([A-Z][A-Z0-9_]+)"/g)) {
    if (!known.has(code)) faults.push(`${file} throws ${code}, which no table has`);
  }
}
for (const [code, folder] of known) if (!thrown.has(code)) faults.push(`${code} of ${folder} is thrown nowhere`);

const text = pageText();
if (process.argv.includes("--update")) writeFileSync(page, text);
else if (readFileSync(page, "utf8") !== text)
  faults.push("docs/errors.md is not what the tables say: run this gate with --update");

for (const fault of faults) console.error(`fault  ${fault}`);
console.log(`${known.size} codes, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;

function pageText() {
  const sections = packages.map(({ name, table }) => {
    const rows = Object.entries(table)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, { says, cure }]) => `| \`${code}\` | ${cell(says)} | ${cell(cure)} |`);
    return `## ${name}\n\n| code | what happened | what to do |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return `# Errors

Every error that Millrace throws on purpose is a \`MillraceError\` with a stable \`code\`, a \`message\` and a \`cure\`. Tell errors
apart by code: \`isMillraceError(error, "DAG_NOT_FOUND")\`. Words in braces are filled in when the error is thrown. Messages about
data give path, type and size, never the value.

${sections.join("\n")}`;
}

function cell(text) {
  return text.replaceAll("\n", " ").replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
