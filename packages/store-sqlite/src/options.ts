import { type Clock, shown, systemClock } from "@millrace/core/plugin";
import { sqliteError } from "./sqlite-errors.ts";

/** Options of `sqlite`. */
export interface SqliteOptions {
  /** The database file; it and its folder are made when they are not there. */
  readonly path: string;
  /**
   * `normal` (default): what is committed survives the death of the process; a power cut may take the last moments.
   * `full`: every group survives a power cut too, at the price of a disk flush each.
   * A group that asks for `full` itself gets it either way.
   */
  readonly durability?: "normal" | "full";
  /** How long a group waits, in milliseconds, while another program holds the file. Default 10,000. */
  readonly busyLimitMs?: number;
  /** Where waiting gets its time from; default the machine's clock. */
  readonly clock?: Clock;
}

/** What is wrong with an option, as a sentence without its beginning; `undefined` when nothing is. */
const expectations: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  path: (value) => (typeof value === "string" && value !== "" ? undefined : "it is the path of a file"),
  durability: (value) => (value === "normal" || value === "full" ? undefined : "it is 'normal' or 'full'"),
  busyLimitMs: (value) =>
    typeof value === "number" && value >= 0 ? undefined : "it is a number of milliseconds, 0 or more",
  clock: (value) =>
    typeof value === "object" && value !== null && "now" in value && "sleep" in value ? undefined : "it is a Clock",
};

export interface OptionFault {
  readonly option: string;
  readonly value: string;
  readonly expected: string;
}

/** Everything that is wrong with options; `needed` must be there. */
export function optionFaults(options: object, needed: readonly string[]): readonly OptionFault[] {
  const faults: OptionFault[] = [];
  for (const option of needed) {
    if (!(option in options))
      faults.push({ option, value: "missing", expected: expectations[option]?.(undefined) ?? "" });
  }
  for (const [option, value] of Object.entries(options)) {
    const check = expectations[option];
    if (value === undefined && !needed.includes(option)) continue;
    const expected = check === undefined ? `the options are ${Object.keys(expectations).join(", ")}` : check(value);
    if (expected !== undefined) faults.push({ option, value: shown(value), expected });
  }
  return faults;
}

/** The options with their defaults, or the first fault as an error. */
export function parseOptions(options: SqliteOptions): Required<SqliteOptions> {
  const [fault] = optionFaults(options, ["path"]);
  if (fault?.option === "path") throw sqliteError("SQLITE_PATH_INVALID", { path: fault.value });
  if (fault !== undefined) throw sqliteError("SQLITE_OPTION_INVALID", { ...fault });
  const { path, durability = "normal", busyLimitMs = 10_000, clock = systemClock } = options;
  return { path, durability, busyLimitMs, clock };
}
