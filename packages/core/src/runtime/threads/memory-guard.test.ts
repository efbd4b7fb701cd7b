import { beforeEach, expect, test } from "vitest";
import { MemoryGuard } from "./memory-guard.ts";

const mb = 1_048_576;
const used = new Map<number, [heap: number, external: number]>();
let asked: number[] = [];
let tick: (() => void) | undefined;
let exceeded: number[] = [];
const thread = (threadId: number) => ({
  threadId,
  async getHeapStatistics() {
    asked.push(threadId);
    const found = used.get(threadId);
    if (!found) throw new Error("it is not running");
    return { used_heap_size: found[0] * mb, external_memory: found[1] * mb } as never;
  },
});
const guard = () =>
  new MemoryGuard(() => [thread(1), thread(2), thread(3)], 64, {
    every(_ms, call) {
      tick = call;
      return () => {
        tick = undefined;
      };
    },
  });
const look = async (): Promise<void> => {
  tick?.();
  await new Promise((resolve) => setImmediate(resolve));
};
beforeEach(() => {
  asked = [];
  exceeded = [];
  tick = undefined;
  used.clear();
});

test("heap and buffers together count, of threads that are watched, and it is told once", async () => {
  const watching = guard();
  for (const no of [1, 2]) watching.watch(no, () => exceeded.push(no));
  used.set(1, [30, 34]).set(2, [10, 10]).set(3, [900, 900]);
  await look();
  expect([asked, exceeded]).toEqual([[1, 2], []]);
  used.set(1, [30, 35]);
  await look();
  await look();
  expect(exceeded).toEqual([1]);
});

test("a thread that ends or that nobody watches any more while it is asked is nobody's", async () => {
  const watching = guard();
  used.set(1, [100, 0]);
  const end = watching.watch(1, () => exceeded.push(1));
  watching.watch(2, () => exceeded.push(2));
  tick?.();
  end();
  await look();
  expect(exceeded).toEqual([]);
});

test("the next attempt of a thread is not charged with what was found of the one before", async () => {
  const watching = guard();
  used.set(1, [100, 0]);
  const end = watching.watch(1, () => exceeded.push(1));
  tick?.();
  end();
  used.set(1, [1, 0]);
  watching.watch(1, () => exceeded.push(2));
  await look();
  expect(exceeded).toEqual([]);
});

test("nobody looks while there is nothing to watch", async () => {
  const watching = guard();
  const end = watching.watch(1, () => undefined);
  expect(tick).toBeDefined();
  end();
  await look();
  expect(tick).toBeUndefined();
  expect(asked).toEqual([]);
});
