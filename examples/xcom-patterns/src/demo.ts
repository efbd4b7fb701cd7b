// Runs the pipeline once, on SQLite, and tells what happened. Params may follow as JSON:
//   npm run demo -- '{"external_feeds":"down"}'
import { mkdir } from "node:fs/promises";
import { styleText } from "node:util";
import { isMillraceError } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";
import { collectFacts } from "./demo/collect-facts.ts";
import { type Emphasis, tellStory } from "./demo/pipeline-story.ts";
import { financialAnalyticsPipeline } from "./financial-analytics-pipeline.ts";
import type { PipelineRequest } from "./pipeline-params.ts";
import { projectFile } from "./sources/project-files.ts";

const emphasis: Emphasis = {
  strong: (text) => styleText("bold", text),
  soft: (text) => styleText("dim", text),
};

try {
  const params = parseParams(process.argv[2] ?? "{}");
  await mkdir(projectFile(".millrace"), { recursive: true });
  const pipeline = financialAnalyticsPipeline();
  await using engine = await createEngine({
    dags: [pipeline],
    store: sqlite({ path: projectFile(".millrace", "millrace.db") }),
  });
  console.log(
    `${emphasis.strong("Financial analytics pipeline")}: S&P 500 and stock prices, and a feed that is made up\n`,
  );
  engine.observe(({ kind, taskId }) => {
    if (taskId && kind === "task.running") console.log(emphasis.soft(`  ${taskId} …`));
  });
  const result = await engine.run(pipeline, { params });
  console.log(`\n${tellStory(await collectFacts(engine, result), emphasis)}\n`);
  console.log(`Run ${result.runId}: ${result.summary}`);
  process.exitCode = result.state === "success" ? 0 : 1;
} catch (error) {
  if (isMillraceError(error)) console.error(`${error.message}\n${error.cure}`);
  else if (error instanceof SyntaxError) console.error(error.message);
  else throw error;
  process.exitCode = 2;
}

/** Any JSON will do here: the DAG's own schema says what is wrong with it. */
function parseParams(text: string): PipelineRequest {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`The params are no JSON: ${text}. Write them like '{"external_feeds":"down"}'.`, {
      cause: error,
    });
  }
}
