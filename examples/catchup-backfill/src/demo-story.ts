// The whole story under a simulated clock: six weeks in seconds, on SQLite. Ends with a report.
import { rmSync } from "node:fs";
import { styleText } from "node:util";
import { sqlite } from "@millrace/store-sqlite";
import { projectFile } from "./project-files.ts";
import { writeReports } from "./report/write-reports.ts";
import { sizeOf } from "./story/chapters/backfill.ts";
import { tellStory } from "./story/tell-story.ts";

const folder = projectFile(".world", "story");
rmSync(folder, { recursive: true, force: true });

const report = await tellStory({
  folder,
  now: Date.parse("2026-06-15T02:00:00Z"),
  openStore: () => sqlite({ path: `${folder}/millrace.db` }),
  storeBytes: () => sizeOf(`${folder}/millrace.db`),
  realMs: () => performance.now(),
  say: (line) => console.log(line.startsWith("#") ? styleText("bold", line.slice(2)) : line),
});

console.log(`\n${styleText("bold", "Checks")}`);
for (const { name, passed, detail } of report.checks)
  console.log(
    `  ${passed ? styleText("green", "passed") : styleText("red", "FAILED")}  ${name} ${styleText("dim", `(${detail})`)}`,
  );
console.log(`\n${styleText("bold", "Report")}`);
for (const path of await writeReports(projectFile("reports"), report)) console.log(`  ${path}`);
process.exitCode = report.checks.every(({ passed }) => passed) ? 0 : 1;
