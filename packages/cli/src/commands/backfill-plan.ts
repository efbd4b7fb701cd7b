import { specOf, specOptions } from "../backfilling/backfill-options.ts";
import { planLines, planPayload, previewOf } from "../backfilling/preview.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";

export default defineCommand({
  about:
    "Changes nothing. Says of each date whether a run would be made, a run that there is be run again, or nothing be done, and why. The number of the plan names what it does: `backfill create --plan <number>` does just that, or refuses.",
  arguments: [{ name: "<dag>", says: "id of the DAG", completes: "dag" }],
  options: [
    ...specOptions,
    { flags: "--limit <n>", says: "dates that are shown", parse: wholeNumber(2, 1_000_000), default: 40 },
  ],
  examples: [
    ["millrace backfill plan sales --from 2026-01-01 --to 2026-01-31", "what January would be"],
    [
      "millrace backfill plan sales --from 2026-01-01 --to 2026-03-31 --weekdays mon-fri --skip holidays.ics",
      "workdays",
    ],
    ["millrace backfill plan sales --from 2026-01-01 --to 2026-01-31 --reprocess failed -o json", "for programs"],
  ],
  async run(session, given) {
    const core = await session.core();
    const spec = await specOf(given, session.io.cwd);
    const { dag } = await session.currentDag(given.text("dag"));
    const plan = await previewOf(session, dag, spec, given.value<number>("maxActive"));
    session.print(planPayload(plan), () =>
      planLines(plan, session, core, { mostDates: given.value<number>("limit") ?? 0, where: "--limit shows more" }),
    );
    return exitCodes.ok;
  },
});
