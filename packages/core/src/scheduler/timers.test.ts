import { expect, it } from "vitest";
import { ManualClock } from "../../test/manual-clock.ts";
import type { Clock } from "../time/clock.ts";
import { Timers } from "./timers.ts";

function handClock() {
  let now = 0;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        sleepers.push({ at: now + ms, wake: resolve });
        signal?.addEventListener("abort", () => resolve());
      }),
  };
  const advance = async (to: number): Promise<void> => {
    now = to;
    for (const { at, wake } of sleepers) if (at <= to) wake();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { clock, advance };
}

it("fires in the order of the instants, equal ones in the order they were set", async () => {
  const { clock, advance } = handClock();
  const timers = new Timers(clock);
  const fired: string[] = [];
  timers.at(30, () => fired.push("late"));
  timers.at(10, () => fired.push("first"));
  timers.at(10, () => fired.push("second"));
  await advance(10);
  expect(fired).toEqual(["first", "second"]);
  await advance(30);
  expect(fired).toEqual(["first", "second", "late"]);
});

it("does not fire what was called off, however often that is said", async () => {
  const { clock, advance } = handClock();
  const timers = new Timers(clock);
  const fired: number[] = [];
  const cancels = Array.from({ length: 5_000 }, (_, index) => timers.at(100 + index, () => fired.push(index)));
  for (const cancel of cancels.slice(0, 4_990)) {
    cancel();
    cancel();
  }
  await advance(10_000);
  expect(fired).toEqual([4_990, 4_991, 4_992, 4_993, 4_994, 4_995, 4_996, 4_997, 4_998, 4_999]);
});

it("fires nothing once it is closed", async () => {
  const { clock, advance } = handClock();
  const timers = new Timers(clock);
  const fired: string[] = [];
  timers.at(10, () => fired.push("x"));
  timers.close();
  await advance(20);
  expect(fired).toEqual([]);
});

const minute = 60_000;

/** What fires in how many minutes, with a clock on the wall that is set by `by` after five of them. */
async function firedAfterSetting(by: number) {
  const clock = new ManualClock();
  const timers = new Timers(clock);
  const start = clock.monotonic();
  const fired: string[] = [];
  const say = (name: string) => (): void => {
    fired.push(`${name} ${Math.floor((clock.monotonic() - start) / minute)}`);
  };
  for (const minutes of [3, 10, 90]) {
    timers.at(clock.now() + minutes * minute, say(`instant ${minutes}`));
    timers.due(start + minutes * minute, say(`passed ${minutes}`));
  }
  await clock.advance(5 * minute);
  clock.set(by);
  await clock.advance(3 * 1_440 * minute);
  return fired;
}

it("lets time that is to pass be as long as it is, however the clock is set, and fires nothing twice", async () => {
  for (const by of [0, -60 * minute, 60 * minute, 1_440 * minute]) {
    const fired = await firedAfterSetting(by);
    expect(fired.filter((name) => name.startsWith("passed"))).toEqual(["passed 3 3", "passed 10 10", "passed 90 90"]);
    expect(new Set(fired.map((name) => name.replace(/ \d+$/, ""))).size).toBe(fired.length);
  }
});

it("waits for an instant no longer than there was until it when the clock is set back", async () => {
  expect(await firedAfterSetting(-60 * minute)).toEqual(expect.arrayContaining(["instant 10 10", "instant 90 90"]));
});

it("notices within a minute that an instant has come because the clock was set forward", async () => {
  expect(await firedAfterSetting(60 * minute)).toEqual(expect.arrayContaining(["instant 10 6", "instant 90 30"]));
});
