import { describe, expect, it } from "vitest";
import { instantOf } from "../time/temporal.ts";
import { intervalOf, type TickQuery, ticksOf, timetableOf } from "./ticks.ts";
import type { Timetable } from "./timetable.ts";

const query: TickQuery = { lastStart: null, lastEnd: null, earliest: 5, latest: null, catchup: true, now: 100 };

function own(next: Timetable["next"]): Timetable {
  return { next, describe: () => "mine" };
}

describe("ticks of a timetable", () => {
  it("are asked with instants when an author wrote the timetable, and answered in milliseconds", () => {
    const asked: unknown[] = [];
    const ticks = ticksOf(
      own((given) => {
        asked.push(given);
        return { interval: intervalOf(10, 20), runAfter: instantOf(30) };
      }),
    );
    expect(ticks({ ...query, lastStart: 1, lastEnd: 2 })).toEqual({ start: 10, end: 20, runAfter: 30 });
    expect(asked).toEqual([
      { lastInterval: intervalOf(1, 2), earliest: instantOf(5), latest: null, catchup: true, now: instantOf(100) },
    ]);
    expect(ticksOf(own(() => null))(query)).toBeNull();
  });

  it("of a timetable that is made of ticks are those, and `next` says the same in instants", () => {
    const timetable = timetableOf(
      ({ lastEnd, now }) => (lastEnd === null ? { start: 0, end: now, runAfter: now } : null),
      { describe: () => "once" },
    );
    const last = { lastInterval: null, earliest: null, latest: null, catchup: true, now: instantOf(100) };
    expect(timetable.next(last)).toEqual({ interval: intervalOf(0, 100), runAfter: instantOf(100) });
    expect(timetable.next({ ...last, lastInterval: intervalOf(0, 100) })).toBeNull();
    expect(ticksOf(timetable)(query)).toEqual({ start: 0, end: 100, runAfter: 100 });
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no idea");
      },
      "it threw: no idea",
    ],
    ["answers undefined", () => undefined, "neither null nor"],
    ["answers no instants", () => ({ interval: { start: 1, end: 2 }, runAfter: 3 }), "neither null nor"],
    [
      "answers an interval that goes back",
      () => ({ interval: intervalOf(2, 1), runAfter: instantOf(3) }),
      "ends before it starts",
    ],
  ])("of one that %s are an error with its name", (_, next, why) => {
    expect(() => ticksOf(own(next as Timetable["next"]))(query)).toThrow(
      expect.objectContaining({ code: "TIMETABLE_FAILED", message: expect.stringContaining(why) as string }),
    );
    expect(() => ticksOf(own(next as Timetable["next"]))(query)).toThrow("'mine'");
  });
});
