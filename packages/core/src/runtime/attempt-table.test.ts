import fc from "fast-check";
import { expect, it } from "vitest";
import { AttemptTable } from "./attempt-table.ts";

it("holds what a map would hold, also of attempts that stay while thousands of others come and go", () => {
  const token = fc.oneof(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 4 }).map((n) => n * 4_096 + 1),
  );
  const step = fc.record({ kind: fc.constantFrom("set", "take", "get"), token });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const table = new AttemptTable<string>();
      const model = new Map<number, string>();
      for (const [no, { kind, token: key }] of steps.entries()) {
        if (kind === "set") {
          table.set(key, `${no}`);
          model.set(key, `${no}`);
        } else {
          expect(kind === "take" ? table.take(key) : table.get(key)).toBe(model.get(key));
          if (kind === "take") model.delete(key);
        }
        expect(table.size).toBe(model.size);
        expect([...table.values()].sort()).toEqual([...model.values()].sort());
      }
      table.clear();
      expect([table.size, [...table.values()]]).toEqual([0, []]);
    }),
  );
});
