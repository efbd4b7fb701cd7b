import { shown } from "@millrace/core/plugin";
import { cliError } from "../errors.ts";

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const groups: Readonly<Record<string, string>> = { weekdays: "mon-fri", weekends: "sat-sun" };

/**
 * The days of the week that are not among those given: leaving them out goes together with every other choice of dates.
 *
 * @param text - `mon-fri,sun`, `weekdays`, `weekends`
 * @throws `USAGE_INVALID`
 */
export function otherWeekdays(text: string): readonly string[] {
  const wanted = new Set<string>();
  for (const word of text.toLowerCase().split(",")) {
    const range = groups[word.trim()] ?? word.trim();
    const [first, last = first] = range.split("-").map((day) => days.indexOf(day.trim().slice(0, 3)));
    if (first < 0 || last < 0 || !/^[a-z]+(?:\s*-\s*[a-z]+)?$/.test(range))
      throw cliError("USAGE_INVALID", {
        what: `--weekdays is ${shown(text)}, but days such as 'mon-fri,sun' are needed`,
        command: "millrace backfill",
      });
    for (let at = first; ; at = (at + 1) % days.length) {
      wanted.add(days[at]);
      if (at === last) break;
    }
  }
  return days.filter((day) => !wanted.has(day));
}
