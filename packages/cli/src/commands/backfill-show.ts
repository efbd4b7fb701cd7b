import type { BackfillItemRow } from "@millrace/core/plugin";
import { backfillArguments } from "../backfilling/backfill-options.ts";
import { followBackfill } from "../backfilling/follow-backfill.ts";
import { nextStep, progressLines, progressPayload } from "../backfilling/progress-view.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import type { Session } from "../session.ts";
import { tableLines } from "../terminal/table.ts";
import { iso } from "../views/run-view.ts";

const states = ["pending", "queued", "running", "success", "failed", "cancelled", "skipped"] as const;
const troubled = ["failed", "cancelled", "running", "queued"] as const;

export default defineCommand({
  about:
    "Shows how far it is, and its dates: those that failed, were cancelled or are under way, unless --state says which.",
  arguments: backfillArguments,
  options: [
    {
      flags: "--state <state>",
      says: "dates in this state (several times for several)",
      choices: states,
      repeats: true,
    },
    { flags: "--limit <n>", says: "dates that are shown", parse: wholeNumber(1, 10_000), default: 20 },
    { flags: "-f, --follow", says: "follow it until it has ended or was paused" },
  ],
  examples: [
    ["millrace backfill show sales-1f9c3e", "how far it is, and what went wrong"],
    ["millrace backfill show sales-1f9c3e --state skipped", "which dates were left alone, and why"],
    ["millrace backfill show sales-1f9c3e --follow", "stay until it is done"],
  ],
  async run(session, given) {
    const core = await session.core();
    const store = await session.neededReader();
    const { readBackfills, remoteBackfills } = await import("@millrace/backfill");
    const backfillId = given.text("backfill");
    const { home } = await session.config();
    if (given.flag("follow")) {
      const watching = { backfills: remoteBackfills({ store, home }), engine: undefined, close: async () => undefined };
      return followBackfill(session, watching, backfillId);
    }
    const reads = readBackfills(store);
    const progress = await reads.show(backfillId);
    const wanted = given.list("state") as (typeof states)[number][];
    const limit = given.value<number>("limit") ?? 20;
    const items = await reads.items(backfillId, { states: wanted.length > 0 ? wanted : troubled, limit });
    session.print({ ...progressPayload(progress), items: items.map(itemPayload) }, () => [
      ...progressLines(progress, session, core),
      ...(items.length === 0 ? [] : ["", ...itemLines(items, session)]),
    ]);
    if (items.length === limit) session.note(`Only the first ${limit} dates are shown; --limit shows more.`);
    const next = nextStep(progress);
    if (next !== undefined) session.note(next);
    return exitCodes.ok;
  },
});

function itemPayload({
  itemNo,
  logicalDate,
  intervalStart,
  intervalEnd,
  action,
  reason,
  runId,
  runState,
}: BackfillItemRow) {
  return {
    item: itemNo,
    logicalDate: iso(logicalDate),
    interval: { start: iso(intervalStart), end: iso(intervalEnd) },
    action,
    reason,
    run: runId,
    state: stateOf({ action, runState }),
  };
}

function stateOf({ action, runState }: Pick<BackfillItemRow, "action" | "runState">): string {
  return runState ?? (action === "skip" ? "skipped" : "pending");
}

function itemLines(items: readonly BackfillItemRow[], { style, io }: Session): string[] {
  return tableLines<BackfillItemRow>(
    items,
    [
      { title: "logical date", cell: ({ logicalDate }) => new Date(logicalDate).toISOString().replace(".000Z", "Z") },
      {
        title: "state",
        cell: (item) => `${style.sign(stateOf(item))} ${stateOf(item)}`,
        paint: (text, item) => style.inStateColor(stateOf(item), text),
      },
      { title: "run", cell: ({ runId }) => runId ?? "", optional: true },
      { title: "what", cell: ({ action }) => action },
      { title: "why", cell: ({ reason }) => reason ?? "", paint: (text) => style.dim(text), flexible: true },
    ],
    style,
    io.out.columns,
  );
}
