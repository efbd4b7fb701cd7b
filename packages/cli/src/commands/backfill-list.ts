import type { BackfillProgress } from "@millrace/backfill";
import { inStateColor, progressPayload, progressText, stateText } from "../backfilling/progress-view.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import { ago } from "../terminal/show-time.ts";
import { tableLines } from "../terminal/table.ts";

const states = ["preparing", "running", "paused", "cancelled", "completed"] as const;

export default defineCommand({
  options: [
    { flags: "--dag <id>", says: "only of this DAG", completes: "dag" },
    {
      flags: "--state <state>",
      says: "only in this state (several times for several)",
      choices: states,
      repeats: true,
    },
    { flags: "--limit <n>", says: "at most so many", parse: wholeNumber(1, 10_000), default: 20 },
  ],
  examples: [
    ["millrace backfill list", "the newest 20"],
    ["millrace backfill list --state running --state paused", "what is not done"],
  ],
  async run(session, given) {
    const core = await session.core();
    const dagId = given.textOr("dag", undefined);
    if (dagId !== undefined) core.checkDagId(dagId);
    const store = await session.reader();
    const { readBackfills } = await import("@millrace/backfill");
    const wanted = given.list("state") as (typeof states)[number][];
    const found = store
      ? await readBackfills(store).list({
          ...(dagId !== undefined && { dagId }),
          ...(wanted.length > 0 && { states: wanted }),
          limit: given.value<number>("limit") ?? 20,
        })
      : [];
    const { style } = session;
    session.print(found.map(progressPayload), () =>
      found.length === 0
        ? []
        : tableLines<BackfillProgress>(
            found,
            [
              { title: "backfill", cell: ({ backfillId }) => backfillId, paint: (text) => style.bold(text) },
              ...(dagId === undefined
                ? [{ title: "dag", cell: (row: BackfillProgress) => row.dagId, flexible: true }]
                : []),
              {
                title: "state",
                cell: (row) => stateText(row, session),
                paint: (text, row) => inStateColor(row, text, session),
              },
              { title: "dates", cell: ({ spec }) => `${spec.from} to ${spec.to}`, optional: true },
              { title: "created", cell: ({ createdAt }) => ago(createdAt, session.now()), optional: true },
              {
                title: "progress",
                cell: (row) => progressText(row, core),
                paint: (text) => style.dim(text),
                flexible: true,
              },
            ],
            style,
            session.io.out.columns,
          ),
    );
    if (found.length === 0)
      session.note(store ? "No backfill fits." : `Nothing is recorded in ${await session.storeLocation()} yet.`);
    return exitCodes.ok;
  },
});
