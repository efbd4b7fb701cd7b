import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import { ago } from "../terminal/show-time.ts";
import { tableLines } from "../terminal/table.ts";
import { nextRunColumns, nextRunPayload } from "../views/next-run-view.ts";

export default defineCommand({
  about:
    "Tells when the schedule of a DAG has its next runs, and what they are about: in the schedule's own time zone and in UTC, with what changes of the clocks do to them. Read from the DAG files; neither an engine nor what has been run is asked.",
  arguments: [{ name: "<dag>", says: "id of the DAG", completes: "dag" }],
  options: [
    { flags: "-n, --count <n>", says: "so many runs", parse: wholeNumber(1, 10_000), default: 10 },
    { flags: "--from <iso>", says: "runs that are due from this date or instant on (default: now)" },
  ],
  examples: [
    ["millrace dags next sales", "the next ten runs"],
    ["millrace dags next sales -n 3 --from 2026-03-28", "over a change of the clocks"],
    ["millrace dags next sales -o json", "for programs"],
  ],
  async run(session, given) {
    const core = await session.core();
    const { dag } = await session.dag(given.text("dag"));
    const now = session.now();
    const zone = dag.schedule?.timezone ?? dag.timezone;
    const start = given.textOr("from", undefined);
    const from = start === undefined ? now : core.parseInstant(start, zone, now);
    const { timezone, runs } = core.nextRuns(dag, { count: given.value<number>("count") ?? 10, now, from });
    const { style, io } = session;
    const payload = {
      dag: dag.id,
      schedule: dag.schedule?.describe() ?? null,
      timezone,
      runs: runs.map(nextRunPayload),
    };
    session.print(payload, () =>
      runs.length === 0
        ? []
        : [
            `${style.bold(dag.id)}  ${style.dim(headOf(payload.schedule ?? "", timezone, ago(runs[0].runAfter, now)))}`,
            "",
            ...tableLines(runs, nextRunColumns(style), style, io.out.columns),
          ],
    );
    if (dag.schedule === null) session.note(`DAG '${dag.id}' has no schedule: it runs when asked.`);
    else if (runs.length === 0) session.note(`The schedule of DAG '${dag.id}' has no run any more.`);
    else if (dag.schedule.isPeriodic === false)
      session.note("What comes after it depends on when it runs: that is not known beforehand.");
    return exitCodes.ok;
  },
});

function headOf(schedule: string, timezone: string, first: string): string {
  return [schedule, ...(schedule.includes(timezone) ? [] : [timezone]), `first ${first}`].join("  ·  ");
}
