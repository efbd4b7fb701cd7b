import fc from "fast-check";
import { expect, test } from "vitest";
import { LabelGuard, otherLabel } from "./label-guard.ts";

test("however many values come, a metric keeps few of each label and few combinations, and says each time it folds", () => {
  const values = fc.array(fc.tuple(fc.integer({ max: 60, min: 0 }).map(String), fc.string({ maxLength: 300 })), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 20 }), (list, most) => {
      let folds = 0;
      const guard = new LabelGuard(most, () => folds++);
      const seen = new Set<string>();
      const kept: (readonly string[])[] = [];
      let changed = 0;
      for (const pair of list) {
        if (seen.has(pair.join("\0"))) continue;
        seen.add(pair.join("\0"));
        const admitted = guard.admit(["a", "b"], pair);
        if (admitted.join("\0") !== pair.join("\0")) changed++;
        kept.push(admitted);
      }
      expect(folds).toBe(changed);
      for (const place of [0, 1]) {
        const own = new Set(kept.map((pair) => pair[place]).filter((value) => value !== otherLabel));
        expect(own.size).toBeLessThanOrEqual(most);
      }
      expect(new Set(kept.map((pair) => pair.join("\0"))).size).toBeLessThanOrEqual(most * 10 + 2 * most + 1);
    }),
  );
});

test("a value that is longer than ids are is folded; those within the limits are kept as they are", () => {
  const guard = new LabelGuard(2, () => undefined);
  expect(guard.admit(["a"], ["x".repeat(257)])).toEqual([otherLabel]);
  expect(guard.admit(["a"], ["x".repeat(256)])).toEqual(["x".repeat(256)]);
  expect(guard.admit(["a"], ["y"])).toEqual(["y"]);
  expect(guard.admit(["a"], ["z"])).toEqual([otherLabel]);
});

test("labels that are few each, but many together, have ten times as many combinations as one label has values", () => {
  const guard = new LabelGuard(20, () => undefined);
  const kept = new Set<string>();
  for (let a = 0; a < 20; a++)
    for (let b = 0; b < 20; b++) kept.add(guard.admit(["a", "b"], [`a${a}`, `b${b}`]).join());
  expect(kept.size).toBe(200 + 1);
});
