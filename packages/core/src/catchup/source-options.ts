import { OptionReader } from "../authoring/option-reader.ts";
import type { MillraceError } from "../errors.ts";
import type { DurationInput } from "../time/duration.ts";
import { type CatchupSetting, type CatchupSource, parseCatchup } from "../timetable/catchup.ts";

export const usualEvery = "10s";
const leastEveryMs = 100;
const longestName = 200;

interface SourceOptions {
  readonly name?: string;
  readonly every?: DurationInput;
  readonly default?: CatchupSetting;
}

/**
 * Looks over what a source of catchup settings is made of.
 *
 * @throws `DAG_OPTION_INVALID`, `CATCHUP_INVALID`
 */
export function checkSourceOptions<T extends SourceOptions>(
  where: string,
  options: T,
  known: Readonly<Record<keyof T & string, true>>,
): void {
  const mistakes: MillraceError[] = [];
  const read = new OptionReader(where, mistakes);
  if (options === null) read.wrong("options", options, "an object with options is needed");
  const given: SourceOptions = read.options("options", options);
  read.noOthers(given, known);
  checkName(given.name ?? "query", read, "name");
  checkEvery(given.every ?? usualEvery, read, "every");
  const [mistake] = mistakes;
  if (mistake) throw mistake;
  parseCatchup(given.default ?? false, "UTC");
}

/** Looks over a source that somebody made by hand. Its default is looked over as the DAG's own setting. */
export function checkSource({ name, every }: CatchupSource, read: OptionReader): void {
  checkName(name, read, "catchup.name");
  checkEvery(every, read, "catchup.every");
}

function checkName(name: unknown, read: OptionReader, option: string): void {
  if (typeof name !== "string" || name === "" || name.length > longestName)
    read.wrong(option, name, `a text of 1 to ${longestName} characters is needed`);
}

/** How often a source may be read. */
function checkEvery(every: DurationInput, read: OptionReader, option: string): void {
  const everyMs = read.duration(option, every);
  if (everyMs !== undefined && everyMs < leastEveryMs)
    read.wrong(option, every, `at least ${leastEveryMs} ms are needed`);
}
