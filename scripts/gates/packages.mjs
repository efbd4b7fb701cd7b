// What would be published, looked at as npm and TypeScript see it: publint and attw on every packed tarball.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { doorsOf, packPublishedPackages } from "../published-packages.mjs";
import { root } from "../workspace.mjs";

using packed = await packPublishedPackages();

const attwProgram = join(root, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
let faults = 0;

for (const entry of packed.packages) {
  const complaints = [
    ...(await publintComplaints(entry)),
    ...(await typesComplaints(entry)),
    ...houseComplaints(entry),
  ];
  faults += complaints.length;
  console.log(`${complaints.length === 0 ? "ok   " : "fault"} ${entry.name}`);
  for (const complaint of complaints) console.error(complaint);
}
process.exitCode = faults > 0 ? 1 : 0;

async function publintComplaints({ tarball, manifest }) {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({
    strict: true,
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
  });
  return messages
    .filter(({ type }) => type !== "suggestion")
    .map((message) => `  publint: ${formatMessage(message, pkg ?? manifest, { color: false })}`);
}

/** A package without a door (the command) has no types to get wrong. */
function typesComplaints(entry) {
  if (doorsOf(entry).length === 0) return [];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [
        attwProgram,
        entry.tarball,
        "--profile",
        "esm-only",
        "--format",
        "ascii",
        "--no-emoji",
        "--no-color",
        "--no-definitely-typed",
      ],
      (error, stdout, stderr) => resolve(error ? [`  attw:\n${stdout}${stderr}`] : []),
    );
  });
}

/** What neither tool minds: a door without types, and the door for tests, which leads to files that are not published. */
function houseComplaints({ manifest, name }) {
  const published = manifest.publishConfig?.exports;
  const complaints = [];
  if (!published) complaints.push("  publishConfig.exports is missing");
  else if (Object.keys(published).join() !== Object.keys(manifest.exports).join()) {
    complaints.push(`  publishConfig.exports of ${name} names other doors than exports`);
  }
  for (const [door, target] of Object.entries(published ?? {})) {
    if (typeof target === "object" && !target.types) complaints.push(`  door ${door} of ${name} has no types`);
  }
  if (JSON.stringify(published ?? {}).includes("millrace-source")) {
    complaints.push("  publishConfig.exports contains the condition for tests");
  }
  return complaints;
}
