import fc from "fast-check";
import { expect, it } from "vitest";
import { QueueInOrder } from "./queue-in-order.ts";

it("gives out the least item first, whatever order they come in", () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant("pop" as const)), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (list) => {
      const queue = new QueueInOrder<number>((a, b) => a < b);
      const model: number[] = [];
      for (const step of list) {
        if (step === "pop") expect(queue.pop()).toBe(model.shift());
        else {
          queue.push(step);
          model.push(step);
          model.sort((a, b) => a - b);
        }
        expect(queue.size).toBe(model.length);
        expect(queue.peek()).toBe(model[0]);
      }
    }),
  );
});

it("takes any number of items that come in order", () => {
  const queue = new QueueInOrder<number>((a, b) => a < b);
  for (let item = 0; item < 10_000; item++) queue.push(item);
  for (let item = 0; item < 10_000; item++) {
    expect(queue.pop()).toBe(item);
    if (item % 3 === 0) queue.push(10_000 + item);
  }
  expect(queue.size).toBe(3_334);
  expect(queue.peek()).toBe(10_000);
});
