import { beforeEach, describe, expect, test } from "vitest";
import type { Meter } from "../time/meter.ts";
import { AttemptMeter } from "./attempt-meter.ts";
import type { Job, JobOutcome } from "./job.ts";

const ms = 1_000;
const job = {} as Job;
const success: JobOutcome = {
  state: "success",
  error: undefined,
  isFinal: false,
  wakeAt: null,
  awaits: null,
  xcoms: [],
  deletes: [],
};

let now = 0;
let cpu = 0;
let memory = 0;
let looks = 0;
let tick: (() => void) | undefined;
const meter: Meter = {
  scope: "process",
  nowUs: () => now,
  cpuUs: () => {
    looks++;
    return cpu;
  },
  memoryBytes: () => memory,
  every(_ms, call) {
    tick = call;
    return () => {
      tick = undefined;
    };
  },
};
beforeEach(() => {
  now = 5_000 * ms;
  cpu = 70 * ms;
  memory = 1_000;
  looks = 0;
});

const spend = (wallUs: number, cpuUs = wallUs): void => {
  now += wallUs;
  cpu += cpuUs;
};

test("an attempt that is over within a millisecond is measured by one look at the time and gets no record", () => {
  const attempts = new AttemptMeter(meter);
  const made = Array.from({ length: 100 }, () =>
    attempts.measure(job, () => {
      spend(9);
      return success;
    }),
  );
  expect(made).toEqual(Array.from({ length: 100 }, () => success));
  expect(looks).toBe(1);
});

test("a short promise gets none either, a synchronous attempt of a millisecond has one", async () => {
  const attempts = new AttemptMeter(meter);
  expect(await attempts.measure(job, async () => success)).toEqual(success);
  const outcome = attempts.measure(job, () => {
    spend(40 * ms, 30 * ms);
    memory = 5_000;
    return success;
  });
  expect(outcome).toEqual({
    ...success,
    performance: {
      scope: "process",
      durationUs: 40 * ms,
      cpuUs: 30 * ms,
      memoryBeforeBytes: 1_000,
      memoryAfterBytes: 5_000,
      memoryPeakBytes: 5_000,
      loopDelayUs: 40 * ms,
    },
  });
});

test("attempts that begin in one go pay each for what it takes itself", () => {
  const attempts = new AttemptMeter(meter);
  const took = [3 * ms, 500, 500, 500, 500, 500, 4 * ms, 10 * ms].map((us) =>
    attempts.measure(job, () => {
      spend(us);
      return success;
    }),
  );
  expect(took.map((outcome) => (outcome as JobOutcome).performance?.cpuUs)).toEqual([
    3 * ms,
    ...new Array(5).fill(undefined),
    4 * ms,
    10 * ms,
  ]);
});

describe("an attempt that goes on", () => {
  test("knows the highest memory between its begin and its end, and the longest stop of the event loop", async () => {
    const attempts = new AttemptMeter(meter);
    let end: (outcome: JobOutcome) => void = () => undefined;
    const outcome = attempts.measure(job, () => {
      spend(2 * ms);
      return new Promise<JobOutcome>((resolve) => {
        end = resolve;
      });
    });
    spend(100 * ms, 1 * ms);
    memory = 9_000;
    tick?.();
    spend(350 * ms, 300 * ms);
    memory = 4_000;
    tick?.();
    spend(100 * ms, 0);
    tick?.();
    end(success);
    expect((await outcome).performance).toEqual({
      scope: "process",
      durationUs: 552 * ms,
      cpuUs: 303 * ms,
      memoryBeforeBytes: 1_000,
      memoryAfterBytes: 4_000,
      memoryPeakBytes: 9_000,
      loopDelayUs: 250 * ms,
    });
  });

  test("is sampled as long as there is one, and no longer", async () => {
    const attempts = new AttemptMeter(meter);
    const ends: ((outcome: JobOutcome) => void)[] = [];
    const begin = () => attempts.measure(job, () => new Promise<JobOutcome>((resolve) => ends.push(resolve)));
    const made = [begin(), begin()];
    expect(tick).toBeDefined();
    ends[0]?.(success);
    await made[0];
    expect(tick).toBeDefined();
    tick?.();
    expect(tick).toBeDefined();
    ends[1]?.(success);
    await made[1];
    tick?.();
    expect(tick).toBeUndefined();
  });

  test("is charged with no more of a stop than it saw of it", async () => {
    const attempts = new AttemptMeter(meter);
    const endless = new Promise<JobOutcome>(() => undefined);
    void attempts.measure(job, () => endless);
    spend(900 * ms);
    let end: (outcome: JobOutcome) => void = () => undefined;
    await Promise.resolve();
    const late = attempts.measure(job, () => new Promise<JobOutcome>((resolve) => (end = resolve)));
    spend(20 * ms);
    tick?.();
    end(success);
    expect((await late).performance?.loopDelayUs).toBe(20 * ms);
  });
});

test("who holds up the event loop for more than a second is told of, also with a promise", () => {
  const told: number[] = [];
  const attempts = new AttemptMeter(meter, { onBlocked: (_job, blockedUs) => told.push(blockedUs) });
  for (const us of [999 * ms, 1_000 * ms, 1_001 * ms])
    attempts.measure(job, () => {
      spend(us);
      return success;
    });
  void attempts.measure(job, () => {
    spend(2_000 * ms);
    return Promise.resolve(success);
  });
  expect(told).toEqual([1_001 * ms, 2_000 * ms]);
});
