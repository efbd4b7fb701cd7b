import { parseDuration } from "@millrace/core";
import type { FoundExpired, ResolvedStore, RetentionOptions } from "@millrace/core/engine";
import { askFirstOptions, certaintyOf, isMeant } from "../changing/ask-first.ts";
import { removeFromStore } from "../changing/remove-from-store.ts";
import { defineCommand, type Given } from "../command.ts";
import { cliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { isLocked } from "../open-engine.ts";
import { wholeNumber } from "../option-values.ts";
import type { Session } from "../session.ts";
import { sizeText } from "../terminal/show-size.ts";
import { expiredLines, isNothing } from "../views/expired-view.ts";

export default defineCommand({
  about: [
    "Removes runs that have ended, with their task instances, XComs, state, logs and events; and old logs and events. Without options what `retention` of the config does not keep. Runs that have not ended stay, and so does the one of a DAG that ended last.",
    "An engine that `millrace start` has started does the same every hour. This works beside it, and without one.",
  ].join("\n\n"),
  options: [
    { flags: "--older-than <duration>", says: "what ended, or was written, longer ago than this" },
    {
      flags: "--keep <n>",
      says: "all runs of a DAG but so many, those that ended last",
      parse: wholeNumber(1, 1_000_000_000),
    },
    { flags: "--dag <id>", says: "only runs of this DAG, whatever the config says of it", completes: "dag" },
    {
      flags: "--vacuum",
      says: "then write the database file anew, so that it gives back the room; while no engine works on it",
    },
    ...askFirstOptions,
  ],
  examples: [
    ["millrace db clean --dry-run", "see what the config does not keep any more"],
    ["millrace db clean --keep 100 --vacuum", "and have a smaller file"],
    ["millrace db clean --older-than 90d --keep 1000", "remove what is older, and what is more"],
  ],
  async run(session, given) {
    const core = await session.core();
    const config = await session.config();
    const dagId = given.textOr("dag", undefined);
    if (dagId !== undefined) core.checkDagId(dagId);
    const retention = retentionOf(given, config.retention, dagId);
    const rules = core.parseRetention(retention);
    const certainty = certaintyOf(session, given, "Remove");
    const vacuum = given.flag("vacuum") ? await vacuumOf(session) : undefined;
    const store = await session.neededReader();
    if (dagId !== undefined && !(await store.dags.get(dagId))) await session.dag(dagId);
    if (certainty !== "sure") {
      const found = await core.findExpired({ store, rules, dagId });
      if (certainty === "look" || (isNothing(found) && !vacuum)) return printFound(session, found);
      if (!(await isMeant(session, expiredLines(found, session), "Remove this?"))) return exitCodes.interrupted;
    }
    const removed = await removeFromStore(session, { retention, dagId });
    const file = await vacuum?.().catch((error: unknown) => {
      if (!isLocked(error)) throw error;
      session.warn(
        "The database file stays as large as it is: an engine works on it.",
        "Stop the engine for this, or leave it: the room is used again.",
      );
      return undefined;
    });
    session.print({ dryRun: false, ...removed, file: file ?? null }, () => [
      ...(isNothing(removed) ? ["There is nothing to remove."] : [...expiredLines(removed, session), "", "Removed."]),
      ...(file ? [`${file.location}: ${sizeText(file.sizeBeforeBytes)} → ${sizeText(file.sizeBytes)}`] : []),
    ]);
    if (removed.dags.length > 0)
      session.note(
        "What their values kept outside of the store is removed by `millrace start` within the hour, or by `millrace xcom gc`.",
      );
    return vacuum && !file ? exitCodes.conflict : exitCodes.ok;
  },
});

async function vacuumOf(session: Session): Promise<NonNullable<ResolvedStore["vacuum"]>> {
  const { name, vacuum } = await session.store();
  if (!vacuum) throw cliError("STORE_OPAQUE", { name, what: "vacuum" });
  return vacuum;
}

/** The rules of the config, or those of the options; DAGs with rules of their own keep these, unless one of them is named. */
function retentionOf(
  given: Given,
  configured: RetentionOptions | false | undefined,
  dagId: string | undefined,
): RetentionOptions | false {
  const olderThan = given.textOr("olderThan", undefined);
  const keep = given.value<number>("keep");
  if (olderThan === undefined && keep === undefined) return configured ?? {};
  if (olderThan !== undefined) parseDuration(olderThan);
  const age = olderThan === undefined ? false : { olderThan };
  const dags = configured && dagId === undefined ? configured.dags : undefined;
  return {
    runs: { olderThan: olderThan ?? false, keep: keep ?? false },
    xcoms: false,
    logs: age,
    events: age,
    ...(dags && { dags }),
  };
}

function printFound(session: Session, found: FoundExpired): number {
  session.print({ dryRun: true, ...found }, () =>
    isNothing(found)
      ? ["There is nothing to remove."]
      : [...expiredLines(found, session), "", "This would be removed."],
  );
  return exitCodes.ok;
}
