import { messageOf, shown } from "@millrace/core/plugin";
import { backfillError } from "../errors.ts";
import { compileSelector } from "./compile-selector.ts";
import type { PlainDateSelector } from "./date-selector.ts";
import { longestCalendar } from "./ics-days.ts";
import { localDays } from "./local-days.ts";

export interface ParseDatesOptions {
  /** Gives the text of a file that is named. Without it files are refused. */
  readonly read?: (path: string) => string;
}

/**
 * Reads what a person writes to say which dates are meant, for `skip` and `only`: dates, ranges and weekdays, several
 * separated by commas; `cron:EXPRESSION`; or the name of a file, which ends in `.ics` (a calendar) or `.txt` (a date on each
 * line; what follows a `#` does not count). Opens nothing itself.
 *
 * @throws `BACKFILL_DATES_INVALID`, `BACKFILL_CALENDAR_INVALID`
 * @example
 * ```ts
 * import { parseDateSelectors } from "@millrace/backfill";
 * console.log(parseDateSelectors("2026-12-24..2026-12-26, sat, sun")); // [ '2026-12-24..2026-12-26', 'sat', 'sun' ]
 * ```
 */
export function parseDateSelectors(text: string, options: ParseDatesOptions = {}): readonly PlainDateSelector[] {
  if (typeof text !== "string" || text.trim() === "") throw invalid(text, "it is empty");
  const words = text.startsWith("cron:") ? [text] : text.split(",");
  return words.map((word) => parsed(word.trim(), options));
}

function parsed(word: string, { read }: ParseDatesOptions): PlainDateSelector {
  const selector = /\.(ics|txt)$/i.test(word) ? ofFile(word, read) : word;
  const anyDay = { first: 0, last: 0, timezone: "UTC", localDays: localDays("UTC") };
  compileSelector(selector, anyDay);
  return selector;
}

function ofFile(path: string, read: ParseDatesOptions["read"]): PlainDateSelector {
  if (!read) throw invalid(path, "files are not read here");
  let text: string;
  try {
    text = read(path);
  } catch (error) {
    throw backfillError("BACKFILL_CALENDAR_INVALID", { why: `${shown(path)}: ${messageOf(error)}` }, { cause: error });
  }
  if (text.length > longestCalendar)
    throw backfillError("BACKFILL_CALENDAR_INVALID", {
      why: `${shown(path)} has more than ${longestCalendar} characters`,
    });
  const name = path.replace(/^.*[/\\]/, "");
  return /\.ics$/i.test(path) ? { ics: text, name } : { dates: datesOfLines(text), name };
}

function datesOfLines(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/#.*$/, "").trim())
    .filter((line) => line !== "");
}

function invalid(value: unknown, why: string) {
  return backfillError("BACKFILL_DATES_INVALID", { value: shown(value), why });
}
