import type { BackfillPlan, BackfillProgress } from "@millrace/backfill";
import type { Dag } from "@millrace/core";
import { isMillraceError } from "@millrace/core/plugin";
import { type PlainSpec, specOf, specOptions } from "../backfilling/backfill-options.ts";
import { followBackfill } from "../backfilling/follow-backfill.ts";
import { type BackfillDoer, openBackfills } from "../backfilling/open-backfills.ts";
import { planLines, planPayload, previewOf, summaryText } from "../backfilling/preview.ts";
import { progressLines, progressPayload } from "../backfilling/progress-view.ts";
import { askFirstOptions, certaintyOf, isMeant } from "../changing/ask-first.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { type Session, withHint } from "../session.ts";

/** Dates that are shown before the question. */
const shown = { mostDates: 12, where: "`backfill plan` shows more" };
/** Dates that are named when a preview does not hold any more. */
const mostDifferences = 10;

export default defineCommand({
  about: [
    "Plans, shows the plan, asks, and fills the dates: by the engine that works on the store, else here. The backfill has its own limit of active runs, the DAG's `maxActiveRuns` holds besides, and scheduled runs go first. Runs are followed until all have ended; exits with 0 when all succeeded and with 1 when one did not.",
    "Ctrl-C: a backfill that is worked off here is paused, attempts under way may end; it goes on with `backfill resume`. One that an engine works off goes on there. What a killed command leaves goes on with the next engine, too.",
  ].join("\n\n"),
  arguments: [{ name: "<dag>", says: "id of the DAG", completes: "dag" }],
  options: [
    ...specOptions,
    { flags: "--plan <number>", says: "do what the plan of this number says, or refuse" },
    { flags: "--id <id>", says: "id of the backfill (default: made from the DAG's); asking again finds the first one" },
    { flags: "--detach", says: "do not wait for its runs" },
    ...askFirstOptions,
  ],
  examples: [
    ["millrace backfill create sales --from 2026-01-01 --to 2026-01-31", "fill January"],
    [
      "millrace backfill create sales --from 2026-01-01 --to 2026-01-31 --reprocess failed --yes",
      "and mend what failed",
    ],
    [
      "millrace backfill create sales --start-date 2026-01-01 --end-date 2026-01-07 --dry-run",
      "only look, as Airflow spells it",
    ],
  ],
  async run(session, given) {
    const core = await session.core();
    const certainty = certaintyOf(session, given, "A backfill");
    const spec = await specOf(given, session.io.cwd);
    const { dag } = await session.currentDag(given.text("dag"));
    const maxActive = given.value<number>("maxActive");
    const plan = await previewOf(session, dag, spec, maxActive);
    if (certainty === "look") {
      session.print(planPayload(plan), () => planLines(plan, session, core, shown));
      return exitCodes.ok;
    }
    const { create, reprocess } = plan.counts;
    if (certainty === "ask" && create + reprocess > 0) {
      const question = `Begin a backfill of '${dag.id}': ${summaryText(plan, core)}?`;
      if (!(await isMeant(session, planLines(plan, session, core, shown), question))) return exitCodes.interrupted;
    }
    const isDetached = given.flag("detach");
    const doer = await openBackfills(session, isDetached ? { record: [dag] } : "work");
    try {
      const made = await createBy(
        doer,
        session,
        dag,
        { spec, plan },
        {
          maxActive,
          expect: given.textOr("plan", undefined) ?? plan,
          backfillId: given.textOr("id", undefined),
        },
      );
      if (!isDetached) return await followBackfill(session, doer, made.backfillId);
      session.print(progressPayload(made), () => progressLines(made, session, core));
      if (doer.engine) session.note("No engine is running: its runs are made by the next `millrace start`.");
      return exitCodes.ok;
    } finally {
      await doer.close();
    }
  },
});

/** Has the backfill made; where the preview does not hold any more, says of which dates. */
async function createBy(
  { backfills }: BackfillDoer,
  session: Session,
  dag: Dag,
  { spec, plan }: { readonly spec: PlainSpec; readonly plan: BackfillPlan },
  options: Parameters<BackfillDoer["backfills"]["create"]>[2],
): Promise<BackfillProgress> {
  try {
    return await backfills.create(dag.id, spec, options);
  } catch (error) {
    if (!(error instanceof Error) || !isMillraceError(error, "BACKFILL_STALE")) throw error;
    const { compareBackfillPlans } = await import("@millrace/backfill");
    const now = await previewOf(session, dag, spec, options?.maxActive);
    const differences = compareBackfillPlans(plan, now, mostDifferences);
    throw withHint(
      error,
      differences
        .map(
          ({ logicalDate, before, after }) =>
            `${logicalDate.toString()}: ${before ?? "not there"} → ${after ?? "not there"}`,
        )
        .join("\n"),
    );
  }
}
