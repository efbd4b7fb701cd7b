import { cronTrigger } from "@millrace/core";
import { ticksOf } from "@millrace/core/engine";
import { Cron } from "croner";
import type { Figure } from "./figure.ts";
import { median } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

/** A usual time of day, every few minutes, and days that take some looking for. */
const expressions = ["0 2 * * *", "*/5 * * * *", "30 6 L * FRI"] as const;
const timezone = "Europe/Berlin";
const from = Date.parse("2026-01-01T00:00:00Z");
const rounds = 9;
/** croner is slower by orders; so many of its steps take as long. */
const slower = 50;

/** From one tick of a cron to the next, in a zone whose clocks are changed; beside croner's step. The slowest expression counts. */
export async function measureCronStep(_: string, { cronSteps }: Sizes): Promise<Figure> {
  const theirSteps = Math.max(Math.floor(cronSteps / slower), 10);
  const all = expressions.map((expression) => {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      ours.push(ourStepUs(expression, cronSteps));
      theirs.push(theirStepUs(expression, theirSteps));
    }
    // The first round looks up when clocks are changed.
    return { ours: median(ours.slice(1)), theirs: median(theirs.slice(1)) };
  });
  const slowest = all.reduce((worst, one) => (one.ours > worst.ours ? one : worst));
  return {
    id: "cronStep",
    name: "cron step, in a zone",
    value: slowest.ours,
    unit: "µs",
    ratio: { value: slowest.ours / slowest.theirs, to: "croner's" },
    target: { atMost: 2 },
    more: { cronerUs: slowest.theirs },
  };
}

function ourStepUs(expression: string, steps: number): number {
  const ask = ticksOf(cronTrigger(expression, { timezone }));
  const query = { earliest: null, latest: null, catchup: true, now: from };
  const started = performance.now();
  let at = from;
  for (let step = 0; step < steps; step++) at = ask({ ...query, lastStart: at, lastEnd: at })?.start ?? Number.NaN;
  if (Number.isNaN(at)) throw new Error(`'${expression}' came to an end`);
  return ((performance.now() - started) * 1_000) / steps;
}

function theirStepUs(expression: string, steps: number): number {
  const cron = new Cron(expression, { timezone, paused: true });
  const started = performance.now();
  let at: Date | null = new Date(from);
  for (let step = 0; step < steps && at; step++) at = cron.nextRun(at);
  return ((performance.now() - started) * 1_000) / steps;
}
