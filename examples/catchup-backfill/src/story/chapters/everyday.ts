import { count, whole } from "../../report/number-format.ts";
import { readLoadLog } from "../../target/load-log.ts";
import { withTarget } from "../../world.ts";
import { chapterTeller, countOf, type Played, resultOf, runsOf, type Stage } from "../stage.ts";

/** Two days on which nothing special happens. */
export async function playEveryday(stage: Stage): Promise<Played> {
  const { tell, end } = chapterTeller(stage, {
    id: "everyday",
    title: "Two ordinary days",
    lead: "All four DAGs work by their schedules: hourly, every six hours, at two in the morning and at midnight.",
  });
  const before = withTarget(stage.world, readLoadLog).length;
  await stage.simulation.advance("2d");
  const loads = withTarget(stage.world, readLoadLog).slice(before);
  const hourly = await runsOf(stage, "incremental_data_processing");
  const decisions = await Promise.all(
    hourly.map((run) => resultOf<{ mode: string }>(stage, run, "determine_processing_mode")),
  );
  const rows = (dagId: string): number =>
    loads.filter((load) => load.dagId === dagId).reduce((sum, load) => sum + load.rows, 0);
  tell(
    `incremental_data_processing: ${count(
      countOf(decisions, (one) => one?.mode === "full"),
      "run",
    )} compared everything, ${whole(countOf(decisions, (one) => one?.mode === "incremental"))} took in changes only: ${count(rows("incremental_data_processing"), "order")} in these two days.`,
  );
  tell(
    `system_recovery_processing: ${count(rows("system_recovery_processing"), "payment and visit", "payments and visits")}.`,
  );
  const sync = await runsOf(stage, "multi_source_sync");
  const states = await Promise.all(
    sync.map(async ({ runId }) => stage.simulation.test.engine.tasks("multi_source_sync", runId)),
  );
  const times = (taskId: string): string =>
    `${countOf(states, (tasks) => tasks.find((task) => task.taskId === taskId)?.state === "success")} of ${states.length}`;
  tell(
    `multi_source_sync: of its days so far, ${times("process_reliable_source")} have the shop's totals; ${times("process_unreliable_source")} the stock, which can only be asked for on the day itself; ${times("process_batch_source")} found a weekly file.`,
  );
  const { findings } = (await resultOf<{ findings: string[] }>(
    stage,
    sync[sync.length - 1],
    "synchronize_and_validate",
  )) ?? {
    findings: [],
  };
  for (const finding of findings) tell(`The sources disagree: ${finding}.`);
  return { chapter: end(), found: undefined };
}
