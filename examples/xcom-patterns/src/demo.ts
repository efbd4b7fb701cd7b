// Runs the pipeline once by the `millrace` command, on SQLite, and tells what happened. Params may follow as JSON:
//   npm run demo -- '{"external_feeds":"down"}'
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { systemClock } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";
import { collectFacts } from "./demo/collect-facts.ts";
import { type Emphasis, tellStory } from "./demo/pipeline-story.ts";
import { projectFile, projectFolder } from "./sources/project-files.ts";
import { timestamp } from "./timestamp.ts";

const emphasis: Emphasis = {
  strong: (text) => styleText("bold", text),
  soft: (text) => styleText("dim", text),
};
const dagId = "financial_analytics_pipeline";
const runId = `demo_${timestamp(systemClock)}`;
const params = process.argv[2];

console.log(`${emphasis.strong("Financial analytics pipeline")}: S&P 500 and stock prices, and a feed that is made up`);
const command = ["run", dagId, "--run-id", runId, ...(params === undefined ? [] : ["--params", params])];
console.log(
  emphasis.soft(`$ millrace ${command.map((word) => (/[^\w:.-]/.test(word) ? `'${word}'` : word)).join(" ")}\n`),
);
const program = fileURLToPath(new URL("bin/millrace.mjs", import.meta.resolve("millrace/package.json")));
const { status } = spawnSync(process.execPath, [...process.execArgv, program, ...command], {
  cwd: projectFolder(),
  stdio: "inherit",
});

if (status === 0) {
  await using engine = await createEngine({ store: sqlite({ path: projectFile(".millrace", "millrace.db") }) });
  console.log(`\n${tellStory(await collectFacts(engine, { dagId, runId }), emphasis)}`);
}
process.exitCode = status ?? 1;
