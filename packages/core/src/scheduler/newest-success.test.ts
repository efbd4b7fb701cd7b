import fc from "fast-check";
import { expect, test } from "vitest";
import { ownsItsDate, type RunType } from "../lifecycle/states.ts";
import type { RunFacet, RunRow } from "../store/contract.ts";
import { NewestSuccess } from "./newest-success.ts";

const types: readonly RunType[] = ["scheduled", "backfill", "manual", "triggered"];

const anySteps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("make" as const), date: fc.nat({ max: 5 }), type: fc.constantFrom(...types) }),
    fc.record({ do: fc.constantFrom("succeed" as const, "fail" as const, "begin again" as const), which: fc.nat() }),
    fc.constant({ do: "hear answers" } as const),
    fc.record({ do: fc.constant("ask" as const), which: fc.nat(), isSlow: fc.boolean() }),
  ),
  { maxLength: 60 },
);

test("whatever happens to runs, the previous one is always that of the store", async () => {
  await fc.assert(
    fc.asyncProperty(anySteps, async (steps) => {
      const runs: { runNo: number; dagNo: number; type: RunType; logicalDate: number; state: string; runId: string }[] =
        [];
      const inStore: RunFacet["previous"] = async ({ logicalDate, runNo, scheduledOnly, state }) =>
        runs
          .filter((run) => !scheduledOnly || ownsItsDate(run))
          .filter((run) => run.state === state)
          .filter((run) => run.logicalDate < logicalDate || (run.logicalDate === logicalDate && run.runNo < runNo))
          .sort((a, b) => b.logicalDate - a.logicalDate || b.runNo - a.runNo)[0] as RunRow | undefined;
      const newest = new NewestSuccess();
      // An answer on its way is out of date when something happens before it comes.
      const slow: Promise<unknown>[] = [];
      let heard = Promise.withResolvers<void>();
      const hear = async (): Promise<void> => {
        heard.resolve();
        await Promise.all(slow.splice(0));
        heard = Promise.withResolvers();
      };
      for (const step of steps) {
        if (step.do === "make") {
          const runNo = runs.length + 1;
          runs.push({ runNo, dagNo: 1, runId: `r${runNo}`, type: step.type, logicalDate: step.date, state: "running" });
          continue;
        }
        if (step.do === "hear answers") {
          await hear();
          continue;
        }
        const run = runs[step.which % runs.length];
        if (!run) continue;
        if (step.do === "ask") {
          if (step.isSlow) {
            const found = newest.before(run, async (query) => {
              const answer = await inStore(query);
              await heard.promise;
              return answer;
            });
            if (found instanceof Promise) slow.push(found);
            continue;
          }
          const found = newest.before(run, inStore);
          const expected = await inStore({
            ...run,
            scheduledOnly: ownsItsDate(run),
            state: "success",
          });
          expect((await found)?.runId).toBe(expected?.runId);
        } else if (step.do === "begin again") {
          run.state = "running";
          newest.forget();
        } else if (run.state === "running") {
          run.state = step.do === "succeed" ? "success" : "failed";
          if (run.state === "success") newest.note(run as unknown as RunRow);
        }
      }
      await hear();
    }),
    { numRuns: 3000 },
  );
});
