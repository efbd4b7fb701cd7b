import { expect, it } from "vitest";
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
