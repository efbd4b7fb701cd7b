import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { BackfillSpec, PlainDateSelector } from "@millrace/backfill";
import type { ArgumentDefinition, Given, OptionDefinition } from "../command.ts";
import { cliError } from "../errors.ts";
import { jsonObject, wholeNumber } from "../option-values.ts";
import { otherWeekdays } from "./weekdays.ts";

const mostBytes = 8 * 1024 * 1024;

/** What says which dates are filled, and how. */
export const specOptions: readonly OptionDefinition[] = [
  { flags: "--from <date>", says: "first logical date; a bare date is midnight in the DAG's time zone" },
  { flags: "--to <date>", says: "last logical date, included; a bare date includes that day" },
  { flags: "--start-date <date>", says: "the same as --from, as Airflow has it" },
  { flags: "--end-date <date>", says: "the same as --to, as Airflow has it" },
  {
    flags: "--skip <dates>",
    says: "leave these out: dates, ranges a..b, weekdays, cron:EXPRESSION, a calendar (.ics) or a list (.txt)",
    repeats: true,
  },
  { flags: "--only <dates>", says: "only these, written in the same way", repeats: true },
  { flags: "--weekdays <days>", says: "only these days of the week: 'mon-fri', 'sat,sun', 'weekdays'" },
  {
    flags: "--reprocess <which>",
    says: "runs that there are and that are run again (default: none)",
    choices: ["none", "failed", "completed"],
  },
  { flags: "--order <order>", says: "which dates come first (default: forward)", choices: ["forward", "backward"] },
  { flags: "--max-active <n>", says: "runs that are active at once (default: 10)", parse: wholeNumber(1, 100_000) },
  { flags: "--params <json>", says: "params of every run: a JSON object or @file" },
  { flags: "--conf <json>", says: "free-form settings that tasks see as conf: a JSON object or @file" },
];

export const backfillArguments: readonly ArgumentDefinition[] = [{ name: "<backfill>", says: "id of the backfill" }];

/** A spec that may be sent to another process. */
export type PlainSpec = Omit<BackfillSpec, "skip" | "only"> & {
  readonly skip?: readonly PlainDateSelector[];
  readonly only?: readonly PlainDateSelector[];
};

/** @throws `USAGE_INVALID`, what {@link jsonObject} throws, and what is wrong with dates */
export async function specOf(given: Given, cwd: string): Promise<PlainSpec> {
  const { parseDateSelectors } = await import("@millrace/backfill");
  const read = (path: string): string => {
    const file = resolve(cwd, path);
    if (statSync(file).size > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
    return readFileSync(file, "utf8");
  };
  const selectors = (name: "skip" | "only"): readonly PlainDateSelector[] =>
    given.list(name).flatMap((text) => parseDateSelectors(text, { read }));
  const weekdays = given.textOr("weekdays", undefined);
  const [params, conf] = [given.textOr("params", undefined), given.textOr("conf", undefined)];
  const skip = [...selectors("skip"), ...(weekdays === undefined ? [] : otherWeekdays(weekdays))];
  const only = selectors("only");
  return {
    from: oneOfTwo(given, "from", "startDate", "--from"),
    to: oneOfTwo(given, "to", "endDate", "--to"),
    ...(skip.length > 0 && { skip }),
    // An empty list would leave no date.
    ...(only.length > 0 && { only }),
    reprocess: given.value<PlainSpec["reprocess"]>("reprocess") ?? "none",
    order: given.value<PlainSpec["order"]>("order") ?? "forward",
    ...(params !== undefined && { params: jsonObject(params, "--params", cwd) }),
    ...(conf !== undefined && { conf: jsonObject(conf, "--conf", cwd) }),
  };
}

function oneOfTwo(given: Given, main: string, other: string, flag: string): string {
  const [a, b] = [given.textOr(main, undefined), given.textOr(other, undefined)];
  if (a !== undefined && b !== undefined && a !== b)
    throw cliError("USAGE_INVALID", { what: `${flag} is given twice, as two dates`, command: "millrace backfill" });
  const value = a ?? b;
  if (value !== undefined) return value;
  throw cliError("USAGE_INVALID", { what: `${flag} is needed`, command: "millrace backfill" });
}
