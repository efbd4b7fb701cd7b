import { parseDuration } from "@millrace/core";
import type { CollectedAmount, CollectedPlace } from "@millrace/core/engine";
import type { XComScope } from "@millrace/core/plugin";
import { askFirstOptions, certaintyOf, isMeant } from "../changing/ask-first.ts";
import { defineCommand, type Given } from "../command.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { errorPayload } from "../report-error.ts";
import type { Core, Session } from "../session.ts";
import { safeLine } from "../terminal/safe-text.ts";
import { sizeText } from "../terminal/show-size.ts";
import { type Column, tableLines } from "../terminal/table.ts";

export default defineCommand({
  about: [
    "Values that a place keeps outside of the store (files, objects) are left behind when an attempt dies between writing one and recording it. This removes what no recorded value leads to, and what was begun and never finished. What belongs to a run that has not ended stays, and so does what is younger than --older-than.",
    "An engine that `millrace start` has started does the same every hour. This works beside it.",
  ].join("\n\n"),
  options: [
    { flags: "--older-than <duration>", says: "what was written later than this ago stays", default: "24h" },
    {
      flags: "--dag <id>",
      says: "only what belongs to this DAG, also if the store does not know it",
      completes: "dag",
    },
    { flags: "--run <id>", says: "only what belongs to this run of --dag", completes: "run" },
    { flags: "--task <id>", says: "only what belongs to this task of --run", completes: "task" },
    ...askFirstOptions,
  ],
  examples: [
    ["millrace xcom gc --dry-run", "see what nobody needs any more"],
    ["millrace xcom gc --older-than 7d --yes", "remove what has been left behind for a week, without a question"],
  ],
  async run(session, given) {
    const core = await session.core();
    const olderThan = given.text("olderThan");
    parseDuration(olderThan);
    const scope = scopeOf(given, core);
    const certainty = certaintyOf(session, given, "Remove");
    const { backend } = await core.resolveXComBackend(await session.config());
    const places = core.placesOf(backend.parts);
    const store = await session.neededReader();
    const collect = (dryRun: boolean): Promise<readonly CollectedPlace[]> =>
      core.collectXComs({ store, places, olderThan, scope, dryRun });
    try {
      if (certainty === "ask") {
        const found = await collect(true);
        const useless = uselessIn(found);
        if (useless.count === 0) return print(session, found, { olderThan, isDryRun: true });
        if (!(await isMeant(session, lines(found, session), `Remove ${amountText(useless)}?`)))
          return exitCodes.interrupted;
      }
      const isDryRun = certainty === "look";
      return print(session, await collect(isDryRun), { olderThan, isDryRun });
    } finally {
      await core.closeXComParts(backend.parts);
    }
  },
});

function scopeOf(given: Given, core: Core): XComScope {
  const [dagId, runId, taskId] = ["dag", "run", "task"].map((name) => given.textOr(name, undefined));
  const missing = runId !== undefined && dagId === undefined ? "--run needs --dag" : "--task needs --run";
  if ((runId !== undefined && dagId === undefined) || (taskId !== undefined && runId === undefined))
    throw cliError("USAGE_INVALID", { what: missing, command: "millrace xcom gc" });
  if (dagId !== undefined) core.checkDagId(dagId);
  if (runId !== undefined) core.checkRunId(runId);
  if (taskId !== undefined) core.checkTaskPath(taskId);
  return { dagId, runId, taskId };
}

function print(
  session: Session,
  collected: readonly CollectedPlace[],
  { olderThan, isDryRun }: { readonly olderThan: string; readonly isDryRun: boolean },
): number {
  const useless = uselessIn(collected);
  const removed = total(collected.map((place) => place.removed));
  session.print(
    {
      dryRun: isDryRun,
      olderThan,
      places: collected.map(({ error, isListed, ...place }) => ({
        ...place,
        listed: isListed,
        error: error === undefined ? null : errorPayload(error),
      })),
    },
    () => [
      ...lines(collected, session).flatMap((line, at, list) => (at === list.length - 1 ? [line, ""] : [line])),
      useless.count === 0
        ? "There is nothing to remove."
        : isDryRun
          ? `${amountText(useless)} would be removed.`
          : `${amountText(removed)} removed.`,
    ],
  );
  if (collected.length === 1) session.note("No part of the XCom backend keeps values outside of the store.");
  for (const { place, isListed, orphans, foreign, unclear, error } of collected) {
    if (collected.at(-1)?.place === place && orphans.count > 0)
      session.note(
        `${amountText(orphans)} are streams in the store itself: the engine of \`millrace start\` removes them within the hour.`,
      );
    if (!isListed) session.note(`${place} cannot list what it keeps.`);
    if (foreign.count > 0)
      session.note(
        `${place}: ${amountText(foreign)} of DAGs that this store has never known were left alone; --dag <id> collects those of one.`,
      );
    if (unclear.count > 0)
      session.note(`${place}: ${amountText(unclear)} were left alone, because it cannot be told who needs them.`);
    if (error) session.warn(safeLine(error.message), error.cure);
  }
  return collected.some(({ error }) => error !== undefined) ? exitCodes.unavailable : exitCodes.ok;
}

/** Streams in the store, which come last, are removed by its engine only. */
function uselessIn(collected: readonly CollectedPlace[]): CollectedAmount {
  return total(collected.slice(0, -1).flatMap(({ orphans, partials }) => [orphans, partials]));
}

function lines(all: readonly CollectedPlace[], { style, io }: Session): string[] {
  const collected = all.filter(({ found }, at) => at < all.length - 1 || found.count > 0);
  if (collected.length === 0) return [];
  const size = (title: string, of: (place: CollectedPlace) => CollectedAmount): Column<CollectedPlace> => ({
    title,
    cell: (place) => (place.isListed ? `${of(place).count} (${sizeText(of(place).sizeBytes)})` : "?"),
    align: "right",
  });
  const columns: readonly Column<CollectedPlace>[] = [
    { title: "place", cell: ({ place }) => place, paint: (text) => style.bold(text), flexible: true },
    size("keeps", ({ found }) => found),
    size("nobody's", ({ orphans }) => orphans),
    size("unfinished", ({ partials }) => partials),
  ];
  return tableLines(collected, columns, style, io.out.columns);
}

/** `2 values (1.4 MB)`. */
function amountText({ count, sizeBytes }: CollectedAmount): string {
  return `${count} ${count === 1 ? "value" : "values"} (${sizeText(sizeBytes)})`;
}

function total(amounts: readonly CollectedAmount[]): CollectedAmount {
  return amounts.reduce(
    (sum, { count, sizeBytes }) => ({ count: sum.count + count, sizeBytes: sum.sizeBytes + sizeBytes }),
    {
      count: 0,
      sizeBytes: 0,
    },
  );
}
