import { expect, test, vi } from "vitest";
import { dag } from "../../src/index.ts";
import * as rules from "../../src/readiness/trigger-rule.ts";
import { openEngine } from "../test-engine.ts";

vi.mock("../../src/readiness/trigger-rule.ts", async (original) => {
  const real = await original<typeof rules>();
  return { ...real, decideTriggerRule: vi.fn(real.decideTriggerRule) };
});

/** How often a rule is decided over a run of so many independent tasks and one that joins them. */
async function decisionsOf(count: number): Promise<number> {
  const wide = dag("wide", { maxActiveTasks: 100_000 }, (d) => {
    const all = Array.from({ length: count }, (_, n) => d.task(`t${n}`, () => undefined));
    d.empty("join").after(all);
  });
  await using opened = await openEngine({ dags: [wide], concurrency: 100 });
  const decide = vi.mocked(rules.decideTriggerRule);
  decide.mockClear();
  expect((await opened.run(wide)).state).toBe("success");
  return decide.mock.calls.length;
}

test("a completion costs the same in a run of ten thousand tasks as in one of ten", async () => {
  // Once for its own start, once for the task behind it.
  expect((await decisionsOf(10)) / 10).toBeLessThanOrEqual(2.2);
  expect((await decisionsOf(10_000)) / 10_000).toBeLessThanOrEqual(2.2);
}, 60_000);

test("a chain of ten thousand tasks needs no deep stack", async () => {
  const chain = dag("chain", {}, (d) => {
    d.chain(...Array.from({ length: 10_000 }, (_, n) => d.empty(`t${n}`)));
  });
  await using opened = await openEngine({ dags: [chain] });
  expect((await opened.run(chain)).state).toBe("success");
}, 60_000);
