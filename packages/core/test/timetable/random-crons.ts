import fc from "fast-check";

/** Fifty zones whose clocks have been changed in many ways: by half an hour, by a day, at midnight, twice a year and never. */
export const zones: readonly string[] = [
  ...["UTC", "Africa/Abidjan", "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Monrovia"],
  ...["Africa/Windhoek", "America/Anchorage", "America/Argentina/Buenos_Aires", "America/Asuncion", "America/Bogota"],
  ...["America/Caracas", "America/Chicago", "America/Denver", "America/Godthab", "America/Halifax", "America/Havana"],
  ...["America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Santiago", "America/Sao_Paulo"],
  ...["America/St_Johns", "America/Toronto", "Antarctica/Casey", "Antarctica/Troll", "Asia/Amman", "Asia/Baghdad"],
  ...["Asia/Beirut", "Asia/Gaza", "Asia/Hong_Kong", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Pyongyang", "Asia/Tehran"],
  ...["Asia/Tokyo", "Asia/Vladivostok", "Atlantic/Azores", "Australia/Adelaide", "Australia/Lord_Howe"],
  ...["Australia/Sydney", "Europe/Berlin", "Europe/Dublin", "Europe/Istanbul", "Europe/London", "Europe/Moscow"],
  ...["Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kwajalein"],
];

const from1970 = { min: Date.UTC(1970, 0, 2), max: Date.UTC(2037, 11, 30) };

/** A minute from 1970 to 2037. */
export const minutes = fc
  .integer({ min: from1970.min / 60_000, max: from1970.max / 60_000 })
  .map((minute) => minute * 60_000);

/** One part of a field: a number, a range or a step. */
function part(least: number, most: number): fc.Arbitrary<string> {
  const value = fc.integer({ min: least, max: most });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: most - least });
  return fc.oneof(
    { weight: 4, arbitrary: value.map(String) },
    { weight: 2, arbitrary: range },
    { weight: 2, arbitrary: step.map((by) => `*/${by}`) },
    { weight: 1, arbitrary: fc.tuple(range, step).map(([within, by]) => `${within}/${by}`) },
  );
}

function field(least: number, most: number, starWeight: number, extra: readonly string[] = []): fc.Arbitrary<string> {
  const one = part(least, most);
  return fc.oneof(
    { weight: starWeight, arbitrary: fc.constant("*") },
    { weight: 4, arbitrary: fc.array(one, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(",")) },
    ...(extra.length > 0 ? [{ weight: 1, arbitrary: fc.constantFrom(...extra) }] : []),
  );
}

/** Clocks are changed at night: those hours are meant more often than others. */
const hours = fc.oneof(
  field(0, 23, 2),
  fc.constantFrom("0-3", "1", "2", "2,3", "1,2", "*/2", "1-23/2", "0,23", "1-2,22-23"),
);
const hourAndMinute = fc.tuple(field(0, 59, 1), hours);
const wholeDays = fc.constant(["*", "*", "*"] as const);
const someDays = fc.tuple(
  field(1, 31, 4, ["L", "LW", "15W", "1W,15", "L,3", "31W"]),
  field(1, 12, 4, ["JAN", "FEB-APR", "*/5"]),
  field(0, 7, 4, ["MON-FRI", "SUN", "FRI#L", "1#1", "+MON", "+2-4", "SAT#5", "6#L"]),
);

/** Expressions of five fields that mean times on every day. */
export const dailyCrons = fc.tuple(hourAndMinute, wholeDays).map(([time, days]) => [...time, ...days].join(" "));
/** Expressions of five fields. */
export const anyCrons = fc.tuple(hourAndMinute, someDays).map(([time, days]) => [...time, ...days].join(" "));
/** Expressions of six fields: seconds in front. */
export const secondCrons = fc.tuple(field(0, 59, 1), dailyCrons).map((fields) => fields.join(" "));

export const policies = fc.record({
  gap: fc.constantFrom("shift" as const, "skip" as const),
  overlap: fc.constantFrom("second" as const, "first" as const, "both" as const),
});
