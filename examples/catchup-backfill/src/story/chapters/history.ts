import type { DaySummary } from "../../historical-sales-migration.ts";
import { count, instant, span, whole } from "../../report/number-format.ts";
import type { RunSpan } from "../../report/story-report.ts";
import { readRunLog } from "../run-log.ts";
import { chapterTeller, type Played, resultOf, runsOf, type Stage } from "../stage.ts";

const dagId = "historical_sales_migration";

/** A month of history is caught up. */
export async function playHistory(stage: Stage): Promise<Played<{ readonly spans: readonly RunSpan[] }>> {
  const { tell, end } = chapterTeller(stage, {
    id: "history",
    title: "A month of history",
    lead: "The engine starts for the first time. historical_sales_migration has a start date thirty days ago and catchup: every day since gets its run, the oldest first, three at once.",
  });
  await stage.simulation.advance("12h");
  const runs = await runsOf(stage, dagId);
  const days: DaySummary[] = [];
  const spans: RunSpan[] = [];
  for (const run of runs) {
    const day = await resultOf<DaySummary>(stage, run, "generate_processing_summary");
    if (!day) continue;
    days.push(day);
    spans.push({
      label: instant(run.logicalDate).slice(0, 10),
      startedAt: run.startedAt ?? run.createdAt,
      endedAt: run.endedAt ?? run.createdAt,
      state: run.state === "failed" ? "failed" : day.outcome === "no_data" ? "skipped" : "success",
    });
  }
  const sum = (of: (day: DaySummary) => number): string => whole(days.reduce((total, day) => total + of(day), 0));
  const log = readRunLog(stage.events);
  const took = Math.max(...spans.map((one) => one.endedAt)) - Math.min(...spans.map((one) => one.startedAt));
  tell(
    `${count(runs.length, "run")}, from ${instant(runs[0].logicalDate)} on, in ${span(took)}; at most ${log.mostActive[dagId]} were active at once.`,
  );
  tell(`${sum((day) => day.extracted)} lines read, ${sum((day) => day.loaded)} orders loaded.`);
  tell(
    `${sum((day) => day.rejected)} lines set aside because they make no sense, ${sum((day) => day.duplicates)} sent twice, ${sum((day) => day.superseded)} replaced by a correction.`,
  );
  for (const run of runs) {
    const day = await resultOf<DaySummary>(stage, run, "generate_processing_summary");
    if (day?.outcome === "no_data")
      tell(`${instant(run.logicalDate).slice(0, 10)}: the shop has sent nothing. Skipped, with the reason.`);
    if (day?.outcome !== "rolled_back") continue;
    const load = (await stage.simulation.test.engine.tasks(dagId, run.runId)).find(
      ({ taskId }) => taskId === "load_sales_data",
    );
    tell(
      `${instant(run.logicalDate).slice(0, 10)}: ${messageOf(load?.error)}. Nothing of it stayed in the target, and the run failed.`,
    );
  }
  return { chapter: end(), found: { spans } };
}

function messageOf(error: string | null | undefined): string {
  return error ? (JSON.parse(error) as { message: string }).message : "";
}
