import { expect } from "vitest";
import { dag } from "../../src/index.ts";
import { jitterSeed, retryDelayMs } from "../../src/lifecycle/retry-delay.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine } from "../test-engine.ts";
import { type AirflowCase, hasOnly } from "./case-file.ts";
import { type GroupReader, run, unknown } from "./verdict.ts";

interface DelayCase extends AirflowCase {
  /** Seconds. */
  readonly delay: number;
  readonly max_delay?: number | null;
  /** Multiplier; true stands for 2, false for none. */
  readonly backoff?: number | boolean | null;
  readonly try_number: number;
  readonly hash_input?: string;
  readonly expect?: number;
  readonly expect_between?: readonly [number, number];
}

/** Delays of single tries, and whole courses of tries. */
export const readRetryDelay: GroupReader = (fact) => {
  if (Array.isArray(fact.events)) return readCourse(fact);
  const known = hasOnly(fact, "delay", "backoff", "max_delay", "try_number", "hash_input", "expect", "expect_between");
  if (!known || typeof fact.delay !== "number" || typeof fact.try_number !== "number") return unknown;
  const delay = fact as DelayCase;
  if (typeof delay.expect !== "number" && !Array.isArray(delay.expect_between)) return unknown;
  return run(async () => {
    const seconds = secondsOf(delay);
    if (delay.expect !== undefined) expect(seconds).toBe(delay.expect);
    const [least, most] = delay.expect_between ?? [seconds, seconds];
    expect(seconds).toBeGreaterThanOrEqual(least);
    expect(seconds).toBeLessThanOrEqual(most);
    const named = /^([\w-]+)#([\w-]+)#(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\+00:00#(\d+)$/.exec(delay.hash_input ?? "");
    if (named && Number(named[5]) >= 1) await checkEngine(delay, named);
  });
};

function policyOf({ delay, max_delay, backoff = true }: DelayCase) {
  const factor = backoff === true ? 2 : Number(backoff ?? 0);
  return {
    delayMs: delay * 1_000,
    maxDelayMs: (max_delay ?? 86_400) * 1_000,
    backoff: factor === 0 ? ("fixed" as const) : { factor },
    jitter: factor !== 0,
  };
}

function secondsOf(delay: DelayCase): number {
  const seed = delay.hash_input ?? jitterSeed("dag", "task", 0, delay.try_number);
  return retryDelayMs(policyOf(delay), delay.try_number, seed) / 1_000;
}

/** The task of that name, run until this try fails: it is due after exactly the delay that is wanted. */
async function checkEngine(delay: DelayCase, [, dagId, taskId, day, time, tries]: RegExpExecArray): Promise<void> {
  const { delayMs, maxDelayMs, backoff, jitter } = policyOf(delay);
  const max = Number(tries);
  const failing = dag(dagId, {}, (d) => {
    const retries = { max, delay: `${delayMs}ms`, maxDelay: `${maxDelayMs}ms`, backoff, jitter };
    d.task(taskId, { retries }, () => {
      throw new Error("as ever");
    });
  });
  await using opened = await openEngine({ dags: [failing] });
  await opened.run(failing, { logicalDate: `${day}T${time}Z` });
  const ends = opened.events.filter(({ kind, attempt }) => kind === "task.up_for_retry" && attempt === max);
  const starts = opened.events.filter(({ kind, attempt }) => kind === "task.running" && attempt === max + 1);
  expect((starts[0].at - ends[0].at) / 1_000).toBe(delay.expect);
}

/** `try1 fails -> up_for_retry`, one after the other; what follows a clear belongs to clearing, which is not there yet. */
function readCourse(fact: AirflowCase) {
  if (!hasOnly(fact, "retries", "events") || typeof fact.retries !== "number") return unknown;
  const texts = fact.events as readonly string[];
  const clear = texts.findIndex((text) => text.startsWith("clear"));
  const steps = texts
    .slice(0, clear < 0 ? texts.length : clear)
    .map((text) => /^try\s?(\d+) (fails|succeeds) -> (up_for_retry|failed|success)$/.exec(text));
  if (steps.length === 0 || steps.includes(null)) return unknown;
  return run(async () => {
    const course = dag("course", {}, (d) => {
      d.task("task", { retries: fact.retries as number, retryDelay: "1s" }, ({ attempt }) => {
        if (steps[attempt - 1]?.[2] !== "succeeds") throw new Error("as the course says");
      });
    });
    await using opened = await openEngine({ dags: [course], clock: new ManualClock() });
    await opened.run(course);
    const ends = opened.events
      .filter(({ kind }) => ["task.up_for_retry", "task.failed", "task.success"].includes(kind))
      .map(({ kind, attempt }) => [attempt, kind.slice("task.".length)]);
    expect(ends).toEqual(steps.map((step) => [Number(step?.[1]), step?.[3]]));
  });
}
