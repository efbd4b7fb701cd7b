import type { EngineEvent } from "@millrace/core/engine";
import { count, instant, whole } from "../../report/number-format.ts";
import type { RunSpan } from "../../report/story-report.ts";
import { chapterTeller, countOf, type Played, resultOf, runsOf, type Stage } from "../stage.ts";

const dagId = "system_recovery_processing";
const hour = 3_600_000;

export interface OutageFound {
  readonly spans: readonly RunSpan[];
  readonly events: readonly EngineEvent[];
}

/** Three days without an engine, and two more hours without the gateway. */
export async function playOutage(stage: Stage): Promise<Played<OutageFound>> {
  const { simulation, events } = stage;
  const { tell, end } = chapterTeller(stage, {
    id: "outage",
    title: "Three days down",
    lead: "The machine is gone for three days. When it comes back, the gateway is still down for two more hours.",
  });
  const seen = events.length;
  const wentDown = simulation.now();
  const [hourly, daily] = await Promise.all(
    ["incremental_data_processing", "historical_sales_migration"].map((id) => runsOf(stage, id)),
  );
  const told = simulation.webhook.messages.length;
  let back = 0;
  await simulation.outage("3d", () => {
    back = simulation.now();
    simulation.gateway.be((now) => (now < back + 2 * hour ? "down" : "up"));
  });
  tell(`Down at ${instant(wentDown)}, back at ${instant(back)}.`);
  await simulation.advance("12h");
  const during = events.slice(seen);
  const runs = (await runsOf(stage, dagId)).filter(({ intervalEnd }) => intervalEnd > wentDown && intervalEnd <= back);
  const ended = Math.max(...runs.map(({ endedAt }) => endedAt ?? 0));
  const retries = countOf(during, ({ kind, dagId: of }) => kind === "task.up_for_retry" && of === dagId);
  tell(
    `${dagId}: ${count(runs.length, "interval")} of six hours were missed, and all of them were made up for by ${instant(ended)}.`,
  );
  tell(
    `The health check was tried again ${count(retries, "time")} while the gateway was down, with growing pauses, until it answered.`,
  );
  for (const { at, text } of simulation.webhook.messages.slice(told))
    if (text.startsWith(dagId)) tell(`${instant(at)} told to people: ${text}`);
  const hoursMade = (await runsOf(stage, "incremental_data_processing"))
    .slice(hourly.length)
    .filter(({ intervalEnd }) => intervalEnd <= back);
  const first = await resultOf<{ inserted: number; updated: number }>(stage, hoursMade[0], "process_changed_data");
  tell(
    `incremental_data_processing: of 72 missed hours only ${whole(hoursMade.length)} got runs, as its window says. The first of them took in everything since the checkpoint: ${count((first?.inserted ?? 0) + (first?.updated ?? 0), "order")}.`,
  );
  const daysMade = countOf(
    (await runsOf(stage, "historical_sales_migration")).slice(daily.length),
    ({ intervalEnd }) => intervalEnd <= back,
  );
  tell(`historical_sales_migration: ${count(daysMade, "day")} made up for.`);
  return {
    chapter: end(),
    found: {
      events: during,
      spans: runs.map((run) => ({
        label: instant(run.logicalDate).slice(5, 16),
        startedAt: run.startedAt ?? run.createdAt,
        endedAt: run.endedAt ?? run.createdAt,
        state: run.state === "failed" ? "failed" : "success",
      })),
    },
  };
}
