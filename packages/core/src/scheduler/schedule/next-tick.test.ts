import { describe, expect, it } from "vitest";
import type { Ticks } from "../../timetable/ticks.ts";
import { nextTick, type ScheduleView } from "./next-tick.ts";

/** Intervals of a fixed length on a grid, like a cron's. */
function grid(length: number): Ticks {
  return ({ lastEnd, earliest }) => {
    const from = Math.max(lastEnd === null ? 0 : Math.floor(lastEnd / length) * length, earliest ?? 0);
    const start = Math.ceil(from / length) * length;
    return { start, end: start + length, runAfter: start + length };
  };
}

const view: ScheduleView = { name: "mine", ticks: grid(10), position: null, earliest: 20, latest: null, catchup: true };

describe("the next scheduled run", () => {
  it("is the first of the timetable, then the one after the position", () => {
    expect(nextTick(view, 100)).toEqual({ start: 20, end: 30, runAfter: 30 });
    expect(nextTick({ ...view, position: { start: 40, end: 50 } }, 100)).toEqual({ start: 50, end: 60, runAfter: 60 });
  });

  it("begins where the last one ended, when longer intervals would begin at one that has its run", () => {
    const position = { start: 140, end: 150 };
    expect(nextTick({ ...view, ticks: grid(100), position }, 155)).toEqual({ start: 150, end: 200, runAfter: 200 });
    expect(nextTick({ ...view, ticks: grid(100), position: { start: 190, end: 200 } }, 205)).toEqual({
      start: 200,
      end: 300,
      runAfter: 300,
    });
  });

  it("passes over what lies within a longer interval that has its run", () => {
    const steps: Ticks = ({ lastStart, lastEnd, earliest }) => {
      const start = lastStart === 100 && lastEnd === 200 ? (earliest ?? 0) : (lastEnd as number);
      return { start, end: start + 10, runAfter: start + 10 };
    };
    const position = { start: 100, end: 200 };
    expect(nextTick({ ...view, ticks: steps, earliest: 100, position }, 300)).toEqual({
      start: 200,
      end: 210,
      runAfter: 210,
    });
  });

  it("of a timetable that does not move is an error, not an endless loop", () => {
    const stuck: Ticks = () => ({ start: 0, end: 10, runAfter: 10 });
    expect(() => nextTick({ ...view, ticks: stuck, position: { start: 0, end: 10 } }, 100)).toThrow(
      expect.objectContaining({ code: "TIMETABLE_FAILED" }),
    );
    let at = 0;
    const crawling: Ticks = () => ({ start: at++, end: at, runAfter: at });
    expect(() => nextTick({ ...view, ticks: crawling, position: { start: 1e6, end: 2e6 } }, 100)).toThrow(
      expect.objectContaining({ code: "TIMETABLE_FAILED" }),
    );
  });

  it("is none when the timetable has none", () => {
    expect(nextTick({ ...view, ticks: () => null }, 100)).toBeNull();
  });
});
