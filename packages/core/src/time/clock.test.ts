import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "./clock.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 9, 22) });
});
afterEach(() => {
  vi.useRealTimers();
});

const day = 86_400_000;

/** When a sleep was over, in milliseconds since it began. */
function sleepFor(ms: number, signal?: AbortSignal): { readonly end: () => number | undefined } {
  const start = Date.now();
  let end: number | undefined;
  void systemClock.sleep(ms, signal).then(() => {
    end = Date.now() - start;
  });
  return { end: () => end };
}

test("a sleep lasts as long as it should, from nothing to longer than a timer of Node takes", async () => {
  for (const ms of [-5, 0, 1, 59_999, 60_000, 60_001, 90_000, 30 * day]) {
    const slept = sleepFor(ms);
    await vi.advanceTimersByTimeAsync(Math.max(ms, 1) - 1);
    if (ms > 1) expect([ms, slept.end()]).toEqual([ms, undefined]);
    await vi.advanceTimersByTimeAsync(1);
    expect([ms, slept.end()]).toEqual([ms, Math.max(ms, 0)]);
  }
});

test("a machine that slept, or whose clock was set forward, is noticed within a minute", async () => {
  const slept = sleepFor(30 * day);
  await vi.advanceTimersByTimeAsync(30_000);
  vi.setSystemTime(Date.now() + 31 * day);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(slept.end()).toBeLessThanOrEqual(31 * day + 60_000);
});

test.each([
  ["an hour", 3_600_000],
  ["a day", day],
])("a clock that is set back by %s makes no sleep longer", async (_, by) => {
  for (const ms of [30_000, 30 * 60_000, 2 * day]) {
    const start = performance.now();
    let end: number | undefined;
    void systemClock.sleep(ms).then(() => {
      end = performance.now() - start;
    });
    await vi.advanceTimersByTimeAsync(10_000);
    vi.setSystemTime(Date.now() - by);
    await vi.advanceTimersByTimeAsync(ms - 10_001);
    expect([ms, end]).toEqual([ms, undefined]);
    await vi.advanceTimersByTimeAsync(2);
    expect(Math.round(end ?? 0)).toBe(ms);
  }
});

test("a sleep that is called off is over at once and leaves no timer", async () => {
  const stop = new AbortController();
  const slept = sleepFor(30 * day, stop.signal);
  await vi.advanceTimersByTimeAsync(day);
  stop.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect([slept.end(), vi.getTimerCount()]).toEqual([day, 0]);
  const late = sleepFor(day, stop.signal);
  await vi.advanceTimersByTimeAsync(0);
  expect(late.end()).toBe(0);
});
