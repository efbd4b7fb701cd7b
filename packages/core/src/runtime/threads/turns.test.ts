import fc from "fast-check";
import { expect, it } from "vitest";
import { Turns } from "./turns.ts";

it("lets as many go at once as it may, in the order in which they came, whoever gives up meanwhile", async () => {
  const step = fc.oneof(
    fc.constant("take" as const),
    fc.constant("give" as const),
    fc.record({ abort: fc.nat({ max: 20 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 40 }), async (atOnce, steps) => {
      const turns = new Turns(atOnce);
      const went: number[] = [];
      const aborted = new Set<number>();
      const takers: AbortController[] = [];
      let givenBack = 0;
      for (const what of steps) {
        if (what === "take") {
          const no = takers.push(new AbortController()) - 1;
          void Promise.resolve(turns.take((takers[no] as AbortController).signal)).then(() => went.push(no));
        } else if (what === "give" && went.length > givenBack) {
          givenBack++;
          turns.giveBack();
        } else if (typeof what === "object" && what.abort < takers.length && !went.includes(what.abort)) {
          aborted.add(what.abort);
          takers[what.abort]?.abort();
        }
        await new Promise((resolve) => setImmediate(resolve));
        const inTurn = went.filter((no) => !aborted.has(no));
        expect(inTurn).toEqual([...inTurn].sort((a, b) => a - b));
        const underWay = went.length - givenBack;
        const waiting = takers.length - went.length;
        expect(underWay <= atOnce || aborted.size > 0).toBe(true);
        expect(waiting === 0 || underWay >= atOnce).toBe(true);
      }
    }),
  );
});
