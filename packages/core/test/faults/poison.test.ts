import fc from "fast-check";
import { expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import type { TaskInstanceRow } from "../../src/store/contract.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine } from "../test-engine.ts";

/** Tasks of one run: those that take their process along, and those that only happen to run beside them. */
interface Neighbourhood {
  readonly tasks: readonly { readonly isPoison: boolean; readonly seconds: number; readonly priority: number }[];
  readonly maxCrashes: number;
  readonly concurrency: number;
}

const neighbourhood: fc.Arbitrary<Neighbourhood> = fc.record({
  tasks: fc.array(
    fc.record({
      isPoison: fc.oneof({ weight: 1, arbitrary: fc.constant(true) }, { weight: 3, arbitrary: fc.constant(false) }),
      seconds: fc.nat(5),
      priority: fc.nat(3),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  maxCrashes: fc.integer({ min: 1, max: 4 }),
  concurrency: fc.integer({ min: 1, max: 8 }),
});

/** Engines one after the other, each of which dies with the task that kills it, until everything has ended. */
async function liveThrough({ tasks, maxCrashes, concurrency }: Neighbourhood) {
  const database = memoryDatabase();
  const clock = new ManualClock();
  let die = (): void => undefined;
  const definition = dag("neighbours", {}, (d) => {
    for (const [number, { isPoison, seconds, priority }] of tasks.entries())
      d.task(`${isPoison ? "poison" : "harmless"}_${number}`, { priority }, async ({ signal }) => {
        await clock.sleep(seconds * 1_000, signal);
        if (!isPoison || signal.aborted) return;
        die();
        await new Promise(() => undefined);
      });
  });
  for (let lives = 1; ; lives++) {
    const death = Promise.withResolvers<"dead">();
    die = () => {
      database.crash();
      death.resolve("dead");
    };
    const store = memoryStore({ database });
    await using opened = await openEngine({ dags: [definition], store, clock, maxCrashes, concurrency });
    const { engine } = opened;
    if (lives === 1) await clock.drive(engine.trigger(definition, { runId: "r" }));
    await clock.drive(engine.start());
    const { runNo } = (await engine.runs())[0] as { readonly runNo: number };
    const ended = (async () => {
      for await (const { kind } of engine.follow({ runNo, untilEnd: true, after: 0 })) void kind;
      return "over" as const;
    })();
    ended.catch(() => undefined);
    if ((await clock.drive(Promise.race([ended, death.promise]))) === "over")
      return { lives, rows: await engine.tasks("neighbours", "r") };
  }
}

const codeOf = ({ error }: TaskInstanceRow): unknown => (error === null ? undefined : JSON.parse(error).code);

test("whatever runs beside tasks that take their process along ends well, and they are found out", async () => {
  await fc.assert(
    fc.asyncProperty(neighbourhood, async (given) => {
      const { lives, rows } = await liveThrough(given);
      for (const row of rows) {
        const expected = row.taskId.startsWith("poison") ? ["failed", "TASK_POISON"] : ["success", undefined];
        expect([row.taskId, row.crashes, row.state, codeOf(row)]).toEqual([row.taskId, row.crashes, ...expected]);
      }
      const poisonous = given.tasks.filter(({ isPoison }) => isPoison).length;
      expect(lives).toBeLessThanOrEqual(1 + poisonous * (given.maxCrashes + 1));
    }),
    { numRuns: process.env["MILLRACE_SOAK"] ? 2_000 : 200 },
  );
}, 300_000);
