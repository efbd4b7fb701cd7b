import { expect, test } from "vitest";
import { dag, isMillraceError, type Timetable } from "../../src/index.ts";

const plain: Timetable = { next: () => null, describe: () => "mine" };
const define = (schedule: unknown) =>
  dag("d", { schedule: schedule as Timetable, timezone: "Asia/Tokyo" }, (d) => d.empty("nothing"));

function issueOf(schedule: unknown): string {
  try {
    define(schedule);
  } catch (error) {
    if (!isMillraceError(error, "DAG_INVALID")) throw error;
    return `${error.issues[0].code}: ${error.issues[0].message}`;
  }
  return "nothing was refused";
}

test("an own timetable is told its DAG once, and may answer with another timetable", () => {
  const told: unknown[] = [];
  const bound: Timetable = { ...plain, describe: () => "mine in Tokyo" };
  const forDag = (given: unknown): Timetable => {
    told.push(given);
    return bound;
  };
  const { schedule } = define({ ...plain, forDag });
  expect(schedule).toBe(bound);
  expect(told).toEqual([{ id: "d", timezone: "Asia/Tokyo" }]);
  expect(define(plain).schedule).toBe(plain);
});

test("an own timetable that cannot become the DAG's is a mistake of that DAG", () => {
  const throwing = () => {
    throw new Error("no such calendar");
  };
  expect(issueOf({ ...plain, forDag: throwing })).toMatch(
    /^TIMETABLE_FAILED: .*'mine'.*forDag threw: no such calendar/,
  );
  expect(issueOf({ ...plain, forDag: () => 5 })).toMatch(/^TIMETABLE_FAILED: .*forDag gave 5/);
  for (const schedule of ["@daily", 5, {}, { next: () => null }])
    expect(issueOf(schedule)).toMatch(/^DAG_OPTION_INVALID: Option 'schedule'/);
});
