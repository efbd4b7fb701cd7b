import { join } from "node:path";
import { type Clock, cron, dag, every } from "@millrace/core";
import { createEngine, type Engine } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";
import { concurrency } from "./bench-engine.ts";
import type { Figure } from "./figure.ts";
import { median, take } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

const hour = 3_600_000;
const begin = Date.parse("2026-01-01T00:00:00Z");
const hoursOfYear = 8_760;
const slots = 1_000_000;

/** Time that only the bench moves. */
class SetClock implements Clock {
  #now = begin;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        resolve();
      };
      const sleeper = { at: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  set(now: number): void {
    this.#now = now;
    for (const sleeper of this.#sleepers) if (sleeper.at <= now) sleeper.wake();
  }
}

interface Scheduled {
  readonly engine: Engine;
  readonly clock: SetClock;
  /** Resolves when so many runs have been made, and when so many have succeeded. */
  made(count: number): Promise<void>;
  ended(count: number): Promise<void>;
}

async function openScheduled(path: string, count: number): Promise<Scheduled> {
  const clock = new SetClock();
  const dags = Array.from({ length: count }, (_, place) =>
    dag(
      `dag_${place}`,
      { schedule: place % 2 === 0 ? cron("@hourly") : every("1h"), startDate: "2026-01-01", catchup: true },
      (d) => {
        d.task("t", () => 1);
      },
    ),
  );
  const pools = { default_pool: slots };
  const engine = await createEngine({ dags, store: sqlite({ path }), concurrency, pools, clock });
  const seen = { made: 0, ended: 0 };
  let look = (): void => undefined;
  engine.observe(({ kind }) => {
    if (kind === "run.created") seen.made++;
    else if (kind === "run.success") seen.ended++;
    else return;
    look();
  });
  const until = (what: keyof typeof seen, wanted: number): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (seen[what] >= wanted) resolve();
      };
      look();
    });
  await engine.start();
  return { engine, clock, made: (wanted) => until("made", wanted), ended: (wanted) => until("ended", wanted) };
}

/** Scheduled runs on a clock that the bench moves: what DAGs cost that are not due, and those that are. */
export async function measureSchedule(folder: string, sizes: Sizes): Promise<Figure[]> {
  const many = await openScheduled(join(folder, "many.db"), sizes.scheduledDags);
  const idle: number[] = [];
  for (let round = 0; round < 40; round++) idle.push((await take(() => many.engine.signal(`bench_${round}`))).wallMs);
  const rates: number[] = [];
  for (let round = 1; round <= Math.min(9, sizes.flowRounds.counted); round++) {
    const wanted = round * sizes.scheduledDags;
    const { wallMs } = await take(() => {
      many.clock.set(begin + round * hour);
      return many.made(wanted);
    });
    rates.push((sizes.scheduledDags / wallMs) * 1_000);
    await many.ended(wanted);
  }
  await many.engine.close();

  const dagsOfYear = 100;
  const year = await openScheduled(join(folder, "year.db"), dagsOfYear);
  const hours = sizes.scheduledHours;
  const took = await take(async () => {
    for (let at = 1; at <= hours; at++) {
      year.clock.set(begin + at * hour);
      await year.ended(at * dagsOfYear);
    }
  });
  await year.engine.close();
  const runs = hours * dagsOfYear;
  const name = sizes.scheduledDags.toLocaleString("en-US");
  return [
    {
      id: "scheduleIdle",
      name: `a tick, and the group it writes, with ${name} DAGs of which none is due`,
      value: median(idle),
      unit: "ms",
      target: { atMost: 1 },
    },
    {
      id: "scheduleDue",
      name: `durable: runs made when ${name} DAGs are due at once`,
      value: median(rates),
      unit: "runs/s",
      target: { atLeast: 10_000 },
    },
    {
      id: "scheduleYear",
      name: `durable: a year of ${dagsOfYear} hourly DAGs, 876,000 runs of one task`,
      value: ((took.wallMs / runs) * hoursOfYear * dagsOfYear) / 1_000,
      unit: "s",
      target: { atMost: 120 },
      note: hours === hoursOfYear ? undefined : `measured over ${hours} hours`,
      more: { cpuSeconds: ((took.cpuMs / runs) * hoursOfYear * dagsOfYear) / 1_000, runsMade: runs },
    },
  ];
}
