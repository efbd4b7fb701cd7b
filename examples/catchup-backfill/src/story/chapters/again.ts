import { count, instant } from "../../report/number-format.ts";
import { startOfDay } from "../../source-system/shop-calendar.ts";
import { dayFaults } from "../../source-system/shop-days.ts";
import { fingerprintOf } from "../../target/content-hash.ts";
import { type LoadOutcome, readLoadLog } from "../../target/load-log.ts";
import { withTarget } from "../../world.ts";
import { followBackfill } from "../follow-backfill.ts";
import { chapterTeller, countOf, type Played, type Stage } from "../stage.ts";

const dagId = "historical_sales_migration";

export interface AgainFound {
  /** What became of the days that had gone wrong. */
  readonly repaired: readonly LoadOutcome[];
  readonly unchanged: number;
  readonly changed: number;
  readonly isSame: boolean;
}

/** What failed is run again, then everything, and then everything once more. */
export async function playAgain(stage: Stage): Promise<Played<AgainFound>> {
  const { tell, end } = chapterTeller(stage, {
    id: "again",
    title: "Again, and again",
    lead: "The shop has sent the damaged day once more, and found the one that it had forgotten.",
  });
  const { calendar, world } = { calendar: stage.world.calendar, world: stage.world };
  const dateOf = (day: number): string => instant(startOfDay(calendar, day)).slice(0, 10);
  const month = { from: dateOf(0), to: dateOf(29) };
  const loadsOf = async (work: () => Promise<unknown>) => {
    const before = withTarget(world, readLoadLog).length;
    await work();
    return withTarget(world, readLoadLog)
      .slice(before)
      .map(({ outcome }) => outcome);
  };

  tell("Days that failed are run again:");
  const failed = await loadsOf(() =>
    followBackfill(stage, dagId, { ...month, reprocess: "failed" }, { backfillId: "failed-days", maxActive: 3, tell }),
  );
  const [missing] = [...dayFaults].filter(([, { kind }]) => kind === "missing").map(([day]) => dateOf(day));
  tell(`The day that was skipped had not failed. It is named:`);
  const found = await loadsOf(() =>
    followBackfill(
      stage,
      dagId,
      { ...month, reprocess: "completed", only: [missing] },
      { backfillId: "named-day", maxActive: 3, tell },
    ),
  );
  const repaired = [...failed, ...found];
  tell(
    repaired.every((outcome) => outcome === "loaded")
      ? "Both days are loaded now."
      : `These days: ${repaired.join(", ")}.`,
  );

  tell("The whole month is run again, because late orders and corrections have come since:");
  const all = { ...month, reprocess: "completed" } as const;
  const first = await loadsOf(() =>
    followBackfill(stage, dagId, all, { backfillId: "whole-month", maxActive: 3, tell }),
  );
  tell(
    `${count(
      countOf(first, (one) => one === "replaced"),
      "day",
    )} replaced, ${countOf(first, (one) => one === "unchanged")} as they were.`,
  );
  const before = withTarget(world, (target) => fingerprintOf(target, ["sales", "rejected_lines", "day_loads"]));
  tell("And once more:");
  const second = await loadsOf(() =>
    followBackfill(stage, dagId, all, { backfillId: "whole-month-again", maxActive: 3, tell }),
  );
  const isSame =
    withTarget(world, (target) => fingerprintOf(target, ["sales", "rejected_lines", "day_loads"])) === before;
  const unchanged = countOf(second, (one) => one === "unchanged");
  tell(
    `${count(unchanged, "day")} unchanged: not a row was written${isSame ? ", and the target is the same to the last byte of its data" : ""}.`,
  );
  return { chapter: end(), found: { repaired, unchanged, changed: second.length - unchanged, isSame } };
}
