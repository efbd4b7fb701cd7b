import { coreError, shown } from "../errors.ts";
import type { DurationInput } from "../time/duration.ts";
import { type CronFields, parseCron } from "./cron-fields.ts";
import type { CronSetting } from "./cron-timetable.ts";
import type { Jitter } from "./jitter.ts";
import { TimetableOptions, type TriggerTimetableOptions } from "./timetable-options.ts";

/** Options of {@link cron}. */
export interface CronOptions {
  /** IANA name of the zone whose clocks count. Default: the DAG's `timezone`. */
  readonly timezone?: string;
  /**
   * A time of day that does not exist because the clocks go forward: `shift` (default) it by as much as the clocks are
   * changed, 02:30 to 03:30; or `skip` it.
   */
  readonly gap?: "shift" | "skip";
  /** A time of day that is there twice because the clocks go back: the `second` (default, as in Airflow), the `first`, or `both`. */
  readonly overlap?: "second" | "first" | "both";
  /**
   * Hours with a step, as in `0 *\/2 * * *`: times of day like others (`wall`, default, as in Airflow), or the passing of time
   * (`elapsed`): then what does not exist is left out, and what is there twice counts twice. An expression that means every
   * hour of the day always goes by the passing of time; `gap` and `overlap` do not concern it.
   */
  readonly stepHours?: "wall" | "elapsed";
  /**
   * Every run later by one fixed delay from 0 up to this. The delay follows from the seed, by default the DAG's id, and moves
   * the data interval too.
   */
  readonly jitter?: DurationInput | { readonly max: DurationInput; readonly seed?: string };
}

/** Options of {@link cronTrigger}. */
export interface CronTriggerOptions extends CronOptions, TriggerTimetableOptions {}

const known = { timezone: true, gap: true, overlap: true, stepHours: true, jitter: true } as const satisfies Record<
  keyof CronOptions,
  true
>;
const knownOfTrigger = { ...known, interval: true, runImmediately: true } as const satisfies Record<
  keyof CronTriggerOptions,
  true
>;

/** What `cron` was given, checked. */
export function readCron(expression: string | readonly string[], options: CronOptions): CronSetting {
  const fields = readExpressions(expression);
  const read = new TimetableOptions(`cron '${fields[0].expression}'`, options, known);
  return { fields, ...readClocks(read, options), rhythm: { kind: "interval" } };
}

/** What `cronTrigger` was given, checked. */
export function readCronTrigger(expression: string | readonly string[], options: CronTriggerOptions): CronSetting {
  const fields = readExpressions(expression);
  const read = new TimetableOptions(`cron '${fields[0].expression}'`, options, knownOfTrigger);
  return { fields, ...readClocks(read, options), rhythm: read.trigger(options) };
}

function readExpressions(expression: string | readonly string[]): readonly CronFields[] {
  const list = typeof expression === "string" ? [expression] : expression;
  if (!Array.isArray(list) || list.length === 0)
    throw coreError("CRON_INVALID", { value: shown(expression), why: "a text, or a list of texts, is needed" });
  return list.map((one: string) => parseCron(one));
}

function readClocks(read: TimetableOptions, options: CronOptions): Omit<CronSetting, "fields" | "rhythm"> {
  const { gap = "shift", overlap = "second", stepHours = "wall", jitter } = options;
  return {
    timezone: read.timezone(options.timezone),
    policy: {
      gap: read.oneOf("gap", gap, ["shift", "skip"]),
      overlap: read.oneOf("overlap", overlap, ["first", "second", "both"]),
    },
    stepHours: read.oneOf("stepHours", stepHours, ["wall", "elapsed"]),
    jitter: jitter === undefined ? undefined : readJitter(read, jitter),
  };
}

function readJitter(read: TimetableOptions, jitter: NonNullable<CronOptions["jitter"]>): Jitter | undefined {
  const isWhole = typeof jitter === "object" && jitter !== null && "max" in jitter;
  const maxMs = read.wholeMs("jitter", isWhole ? jitter.max : jitter, 0);
  const seed = isWhole ? jitter.seed : undefined;
  if (maxMs === 0) return undefined;
  if (seed !== undefined && (typeof seed !== "string" || seed === ""))
    throw read.wrong("jitter.seed", seed, "a text that is not empty is needed");
  return { maxMs, seed };
}
