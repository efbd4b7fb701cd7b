import { isPlainRecord } from "../authoring/option-reader.ts";
import { shown } from "../errors.ts";
import { type CatchupPolicy, parseCatchup } from "../timetable/catchup.ts";

/** Longest text in a setting that is looked at, in characters. */
const longestText = 100;

const needed: Readonly<Record<keyof CatchupPolicy, string>> = {
  since: "an ISO date and time with offset or zone, or a date, is needed",
  maxRuns: "a whole number of at least 1 is needed",
  window: "a duration such as '6h', longer than nothing, is needed",
};

/**
 * What is wrong with a setting that somebody wrote outside of the code: the places, and what is needed there, but never
 * what stands there. Nothing if it is one.
 */
export function settingMistakes(value: unknown, place: string): readonly string[] {
  if (typeof value === "boolean") return [];
  if (!isPlainRecord(value)) return [`${place}: true, false or since, maxRuns and window are needed`];
  return Object.entries(value as object).flatMap(([key, given]) => {
    const here = `${place}.${keyText(key)}`;
    if (!Object.hasOwn(needed, key)) return [`${here}: there is no such bound`];
    return isBound(key as keyof CatchupPolicy, given) ? [] : [`${here}: ${needed[key as keyof CatchupPolicy]}`];
  });
}

/** A key as part of a place: one line, and short. */
export function keyText(key: string): string {
  return shown(key, 60).slice(1, -1);
}

function isBound(key: keyof CatchupPolicy, given: unknown): boolean {
  // In code a bound may be left undefined; outside of it nothing is more likely a mistake.
  if (given === undefined || (typeof given === "string" && given.length > longestText)) return false;
  try {
    parseCatchup({ [key]: given }, "UTC");
    return true;
  } catch {
    return false;
  }
}
