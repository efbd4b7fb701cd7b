import fc from "fast-check";
import { expect, test } from "vitest";
import { type Dag, dag, fail, skip, type TaskHandle } from "../../src/index.ts";
import { isFinished, isLegalTaskMove, type TaskState } from "../../src/lifecycle/states.ts";
import type { EngineEvent } from "../../src/observe/engine-event.ts";
import { TRIGGER_RULES } from "../../src/readiness/trigger-rule.ts";
import { openEngine } from "../test-engine.ts";
import { allowedEnds, type Deed, type Plan } from "./reference.ts";

/** `MILLRACE_SOAK=1` makes thousands of cases instead of hundreds. */
const numRuns = process.env["MILLRACE_SOAK"] ? 20_000 : 400;

const deed = fc.constantFrom<Deed>("succeed", "succeed", "fail", "fail for good", "skip");

const planAt = (number: number): fc.Arbitrary<Plan> =>
  fc.record({
    upstream: number === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(number - 1), { maxLength: 4 }),
    rule: fc.oneof({ weight: 2, arbitrary: fc.constant("all_success" as const) }, fc.constantFrom(...TRIGGER_RULES)),
    deeds: fc.array(deed, { minLength: 1, maxLength: 3 }),
    retries: fc.nat(2),
    follows: fc.option(fc.nat(15), { nil: undefined, freq: 5 }),
  });
const plans = fc
  .integer({ min: 2, max: 12 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, n) => planAt(n))));

/** A branch may be chosen from only if it has somebody to choose, and takes its choices by their ids. */
function dagOf(list: readonly Plan[], limits: { readonly maxActiveTasks: number }): Dag {
  return dag("random", limits, (d) => {
    const handles: TaskHandle[] = [];
    for (const [number, { upstream, rule, deeds, retries, follows }] of list.entries()) {
      const next = list.flatMap((plan, other) => (plan.upstream.includes(number) ? [other] : []));
      const options = {
        triggerRule: rule,
        retries: { max: retries, delay: "1s", backoff: "fixed" },
        pool: "p",
        poolSlots: (number % 2) + 1,
      } as const;
      const act = (attempt: number): void => {
        const what = deeds[Math.min(attempt, deeds.length) - 1];
        if (what === "fail") throw new Error("as planned");
        if (what === "fail for good") throw fail("as planned");
        if (what === "skip") throw skip("as planned");
      };
      const id = `t${number}`;
      const handle =
        follows === undefined || next.length === 0
          ? d.task(id, options, ({ attempt }) => act(attempt))
          : d.branch(id, { ...options, choices: next.map((other) => `t${other}`) }, ({ attempt }) => {
              act(attempt);
              return next.flatMap((other, place) => ((follows >> place) & 1 ? [`t${other}`] : []));
            });
      handles.push(handle.after(...upstream.map((up) => handles[up] as TaskHandle)));
    }
  });
}

/** What holds at every instant, whatever the DAG. */
function checkEvents(
  events: readonly EngineEvent[],
  limits: { readonly maxActiveTasks: number; readonly slots: number },
): void {
  const states = new Map<string, TaskState>();
  let seq = 0;
  for (const event of events) {
    expect(event.seq).toBeGreaterThan(seq);
    seq = event.seq;
    if (!event.kind.startsWith("task.") || event.taskId === undefined) continue;
    const from = states.get(event.taskId) ?? "scheduled";
    const to = event.kind.slice("task.".length) as TaskState;
    expect(`${from} → ${to}: ${isLegalTaskMove(from, to)}`).toBe(`${from} → ${to}: true`);
    states.set(event.taskId, to);
    const running = [...states].filter(([, state]) => state === "running").map(([id]) => Number(id.slice(1)));
    expect(running.length).toBeLessThanOrEqual(limits.maxActiveTasks);
    expect(running.reduce((sum, number) => sum + (number % 2) + 1, 0)).toBeLessThanOrEqual(limits.slots);
  }
  for (const state of states.values()) expect(isFinished(state)).toBe(true);
}

test("random DAGs end in a way that the states of their upstreams allow, and every instant is lawful", async () => {
  await fc.assert(
    fc.asyncProperty(plans, fc.integer({ min: 1, max: 4 }), async (list, maxActiveTasks) => {
      const random = dagOf(list, { maxActiveTasks });
      await using opened = await openEngine({ dags: [random], pools: { p: 3 } });
      const result = await opened.run(random);
      const states = list.map((_, number) => result.tasks[`t${number}`].state);
      for (const [number, state] of states.entries())
        expect([...allowedEnds(list, number, states)], `t${number} of ${JSON.stringify(states)}`).toContain(state);
      checkEvents(opened.events, { maxActiveTasks, slots: 3 });
    }),
    { numRuns },
  );
}, 600_000);
