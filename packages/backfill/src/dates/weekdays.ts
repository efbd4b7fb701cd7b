const names = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** Weekdays that a text names (`sat`, `mon-fri`, `fri-mon`, `weekdays`, `weekends`), 0 for Sunday; `undefined` for other text. */
export function parseWeekdays(text: string): ReadonlySet<number> | undefined {
  const word = text.toLowerCase();
  if (word === "weekdays") return new Set([1, 2, 3, 4, 5]);
  if (word === "weekends") return new Set([0, 6]);
  const [first, last = first, ...others] = word.split("-").map(weekdayOfName);
  if (first === undefined || last === undefined || others.length > 0) return undefined;
  const days = new Set([first]);
  for (let day = first; day !== last; ) {
    day = (day + 1) % 7;
    days.add(day);
  }
  return days;
}

function weekdayOfName(name: string): number | undefined {
  const day = name.length < 3 ? -1 : names.findIndex((whole) => whole.startsWith(name));
  return day < 0 ? undefined : day;
}
