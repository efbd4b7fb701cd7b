import { expect, test } from "vitest";
import { createEngine, memoryStore } from "../../src/engine.ts";
import { cron, dag, events, isMillraceError, type Timetable } from "../../src/index.ts";
import { intervalOf } from "../../src/timetable/ticks.ts";
import { iso } from "./ask.ts";

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

/** Interval of a run that is asked for at noon of 5 March. */
async function asked(schedule: Timetable): Promise<readonly string[]> {
  const own = dag("d", { schedule }, (d) => d.task("t", ({ interval }) => [interval.start, interval.end].map(String)));
  await using engine = await createEngine({ dags: [own], store: memoryStore() });
  const result = await engine.run(own, { logicalDate: "2026-03-05T12:00:00Z" });
  const [run] = await engine.runs({ dagId: "d" });
  expect(run.runId).toContain(iso(run.logicalDate).slice(0, 10));
  return result.xcom("t") as Promise<readonly string[]>;
}

test("a run that is asked for is about its own instant, unless the timetable restricts it", async () => {
  const noon = "2026-03-05T12:00:00Z";
  const list = ["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"];
  expect(await asked(cron("@daily"))).toEqual([noon, noon]);
  expect(await asked(events(list))).toEqual([noon, noon]);
  expect(await asked(events(list, { restrictManual: true }))).toEqual([list[0], list[0]]);
  const manual = () => intervalOf(Date.parse("2026-03-04"), Date.parse("2026-03-05"));
  expect(await asked({ ...plain, restrictsManual: true, manual })).toEqual([
    "2026-03-04T00:00:00Z",
    "2026-03-05T00:00:00Z",
  ]);
  expect(await asked({ ...plain, manual })).toEqual([noon, noon]);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("never");
    },
  ],
  ["answers nothing", () => undefined],
  ["answers backwards", () => intervalOf(5, 4)],
])("a restriction that %s is an error of the request", async (_, manual) => {
  await expect(asked({ ...plain, restrictsManual: true, manual: manual as Timetable["manual"] })).rejects.toThrow(
    expect.objectContaining({ code: "TIMETABLE_FAILED" }),
  );
});
