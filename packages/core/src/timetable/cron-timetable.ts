import { coreError, shown } from "../errors.ts";
import { type Zone, zoneOf } from "../time/zone.ts";
import type { CronFields } from "./cron-fields.ts";
import { type ClockPolicy, cronSequence, elapsedTime } from "./cron-sequence.ts";
import { delayed, type InstantSequence, merged } from "./instant-sequence.ts";
import { delayOf, type Jitter } from "./jitter.ts";
import { exactDuration } from "./period.ts";
import { type Rhythm, sequenceTimetable } from "./sequence-timetable.ts";
import type { Timetable } from "./timetable.ts";

/** Everything about a cron timetable; what the DAG decides may be missing. */
export interface CronSetting {
  readonly fields: readonly CronFields[];
  readonly timezone: string | undefined;
  readonly policy: ClockPolicy;
  readonly stepHours: "wall" | "elapsed";
  readonly jitter: Jitter | undefined;
  readonly rhythm: Rhythm;
}

/** The timetable of a setting; one that needs the DAG's zone or id is made again for the DAG. */
export function cronTimetable(setting: CronSetting): Timetable {
  const { fields, timezone = "UTC", policy, stepHours, jitter, rhythm } = setting;
  const zone = zoneOf(timezone);
  const isElapsed = (one: CronFields): boolean =>
    one.coversEveryHour || (stepHours === "elapsed" && one.hasSteppedHours);
  const ticks = merged(fields.map((one) => sequenceOf(one, zone, isElapsed(one) ? elapsedTime : policy)));
  const needsDag = setting.timezone === undefined || (jitter !== undefined && jitter.seed === undefined);
  return sequenceTimetable({
    sequence: jitter ? jittered(ticks, jitter) : ticks,
    rhythm,
    timezone,
    describe: () => described(setting),
    ...(needsDag && {
      forDag: (dag) =>
        cronTimetable({
          ...setting,
          timezone: setting.timezone ?? dag.timezone,
          jitter: jitter && { ...jitter, seed: jitter.seed ?? dag.id },
        }),
    }),
  });
}

/** Long after all that zones have had: the rules of today hold for ever there. */
const byTodaysRules = Date.UTC(2100, 0);

/** Where missing times are skipped, there may be nothing left of an expression in its zone. */
function sequenceOf(fields: CronFields, zone: Zone, policy: ClockPolicy): InstantSequence {
  const sequence = cronSequence(fields, zone, policy);
  const mayBeEmpty = policy.gap === "skip" && fields.years === undefined && !fields.coversEveryHour;
  if (mayBeEmpty && sequence.after(byTodaysRules) === Number.POSITIVE_INFINITY)
    throw coreError("CRON_NEVER", { value: shown(fields.expression), where: ` in ${zone.name}` });
  return sequence;
}

/** Until there is a DAG whose id is the seed, nobody can be told when runs are due. */
function jittered(sequence: InstantSequence, { maxMs, seed }: Jitter): InstantSequence {
  if (seed !== undefined) return delayed(sequence, delayOf(seed, maxMs));
  const refuse = (): never => {
    throw coreError("JITTER_WITHOUT_SEED");
  };
  return { after: refuse, before: refuse };
}

function described(setting: CronSetting): string {
  const { fields, timezone = "UTC", policy, stepHours, jitter, rhythm } = setting;
  const list = fields.map(({ expression }) => expression).join(", ");
  const more = [
    ...(timezone === "UTC" ? [] : [timezone]),
    ...(policy.gap === "shift" ? [] : [`gap ${policy.gap}`]),
    ...(policy.overlap === "second" ? [] : [`overlap ${policy.overlap}`]),
    ...(stepHours === "wall" ? [] : [`stepHours ${stepHours}`]),
    ...(jitter ? [`jitter ${exactDuration(jitter.maxMs)}`] : []),
    ...(rhythm.kind === "trigger" && rhythm.lookbackMs > 0 ? [`interval ${exactDuration(rhythm.lookbackMs)}`] : []),
  ];
  return `${rhythm.kind === "trigger" ? "at " : ""}${list}${more.length > 0 ? ` (${more.join(", ")})` : ""}`;
}
