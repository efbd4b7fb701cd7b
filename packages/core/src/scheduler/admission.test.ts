import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Admission, type Bucket, type Candidate, Limit } from "./admission.ts";

interface Waiter extends Candidate {
  readonly bucket: Bucket;
  isReady: boolean;
}

let order = 0;
function waiter(bucket: Bucket, weight: number, more: Partial<Candidate> = {}): Waiter {
  return { weight, logicalDate: 0, mapIndex: -1, order: order++, isReady: true, ...more, bucket };
}

function takeAll(admission: Admission<Waiter>): Waiter[] {
  const taken: Waiter[] = [];
  for (let next = admission.take(); next; next = admission.take()) taken.push(next);
  return taken;
}

describe("rank of a bucket that waits", () => {
  test("a better candidate that joins a bucket in the line goes first", () => {
    const admission = new Admission<Waiter>();
    const pool = new Limit("pool", 10);
    const [a, b] = [admission.bucket({ served: 0 }, pool, 1, []), admission.bucket({ served: 0 }, pool, 1, [])];
    admission.add(a, waiter(a, 5));
    admission.add(b, waiter(b, 1));
    admission.add(b, waiter(b, 9));
    expect(takeAll(admission).map(({ weight }) => weight)).toEqual([9, 5, 1]);
  });

  test("a better candidate that joins a bucket at a full limit goes first once there is room", () => {
    const admission = new Admission<Waiter>();
    const pool = new Limit("pool", 1);
    const [a, b, c] = [0, 1, 2].map(() => admission.bucket({ served: 0 }, pool, 1, []));
    admission.add(c, waiter(c, 100));
    expect(admission.take()?.bucket).toBe(c);
    admission.add(a, waiter(a, 5));
    admission.add(b, waiter(b, 1));
    expect(admission.take()).toBeUndefined();
    admission.add(b, waiter(b, 9));
    admission.release(c);
    expect(admission.take()?.weight).toBe(9);
  });

  test("a bucket whose best candidate was cancelled falls back", () => {
    const admission = new Admission<Waiter>();
    const pool = new Limit("pool", 10);
    const [a, b] = [admission.bucket({ served: 0 }, pool, 1, []), admission.bucket({ served: 0 }, pool, 1, [])];
    const cancelled = waiter(b, 9);
    admission.add(b, cancelled);
    admission.add(b, waiter(b, 1));
    admission.add(a, waiter(a, 5));
    cancelled.isReady = false;
    expect(takeAll(admission).map(({ weight }) => weight)).toEqual([5, 1]);
  });
});

test("the word is passed on when those who are woken are not ready any more", () => {
  const admission = new Admission<Waiter>();
  const pool = new Limit("pool", 1);
  const [a, b, c] = [0, 1, 2].map(() => admission.bucket({ served: 0 }, pool, 1, []));
  const cancelled = waiter(b, 2);
  admission.add(a, waiter(a, 3));
  admission.add(b, cancelled);
  admission.add(c, waiter(c, 1));
  expect(takeAll(admission)).toHaveLength(1);
  cancelled.isReady = false;
  admission.release(a);
  expect(admission.take()?.bucket).toBe(c);
});

describe("pools with several slots per task", () => {
  test("nobody of lower rank passes one that waits for several slots", () => {
    const admission = new Admission<Waiter>();
    const pool = new Limit("pool", 3);
    const [small, big] = [admission.bucket({ served: 0 }, pool, 1, []), admission.bucket({ served: 0 }, pool, 3, [])];
    admission.add(small, waiter(small, 9));
    expect(admission.take()?.bucket).toBe(small);
    admission.add(big, waiter(big, 5));
    admission.add(small, waiter(small, 1));
    expect(admission.take()).toBeUndefined();
    admission.add(small, waiter(small, 6));
    expect(admission.take()?.weight).toBe(6);
    admission.release(small);
    expect(admission.take()).toBeUndefined();
    admission.release(small);
    expect(admission.take()?.bucket).toBe(big);
  });

  test("one that asks for more than there is waits aside, until the pool grows", () => {
    const admission = new Admission<Waiter>();
    const pool = new Limit("pool", 2);
    const [small, big] = [admission.bucket({ served: 0 }, pool, 1, []), admission.bucket({ served: 0 }, pool, 3, [])];
    admission.add(big, waiter(big, 9));
    admission.add(small, waiter(small, 1));
    expect(takeAll(admission).map(({ bucket }) => bucket)).toEqual([small]);
    pool.capacity = 4;
    admission.wake(pool);
    expect(takeAll(admission).map(({ bucket }) => bucket)).toEqual([big]);
  });
});

describe("turns between DAGs of equal priority", () => {
  test("one with ten thousand candidates takes turns with one that has two", () => {
    const admission = new Admission<Waiter>();
    const pool = new Limit("pool", 20_000);
    const [big, small] = [admission.bucket({ served: 0 }, pool, 1, []), admission.bucket({ served: 0 }, pool, 1, [])];
    for (let count = 0; count < 10_000; count++) admission.add(big, waiter(big, 1));
    for (let count = 0; count < 500; count++) admission.take();
    admission.add(small, waiter(small, 1));
    admission.add(small, waiter(small, 1));
    const next = Array.from({ length: 4 }, () => admission.take()?.bucket);
    expect(next.filter((bucket) => bucket === small)).toHaveLength(2);
  });

  test("one that stood behind a higher priority for long is owed nothing", () => {
    const admission = new Admission<Waiter>();
    const pool = new Limit("pool", 20_000);
    const [high, old, young] = [0, 1, 2].map(() => admission.bucket({ served: 0 }, pool, 1, []));
    for (let count = 0; count < 10; count++) admission.add(old, waiter(old, 1));
    for (let count = 0; count < 100; count++) admission.add(high, waiter(high, 5));
    for (let count = 0; count < 100; count++) admission.take();
    for (let count = 0; count < 10; count++) admission.add(young, waiter(young, 1));
    const next = Array.from({ length: 6 }, () => admission.take()?.bucket);
    expect(next.filter((bucket) => bucket === young).length).toBeGreaterThanOrEqual(2);
  });
});

type Step =
  | { readonly do: "add"; readonly bucket: number; readonly weight: number; readonly date: number }
  | { readonly do: "take" }
  | { readonly do: "release"; readonly which: number }
  | { readonly do: "cancel"; readonly which: number };

/** The same decision, by looking at everybody: the best whose limits all have room. */
function bestOf(waiters: readonly Waiter[]): Waiter | undefined {
  return waiters
    .toSorted((a, b) => b.weight - a.weight || a.logicalDate - b.logicalDate || a.order - b.order)
    .find(({ bucket }) => bucket.limits.every((limit) => limit.hasRoom(1)));
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("add" as const),
        bucket: fc.nat(5),
        weight: fc.nat(3),
        date: fc.nat(2),
      }),
    },
    { weight: 4, arbitrary: fc.constant({ do: "take" as const }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("release" as const), which: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), which: fc.nat(20) }) },
  ),
  { maxLength: 60, size: "max" },
);

/** Two pools and two DAG limits with six buckets between them; every step is followed by a look at the limits. */
function play(
  moves: readonly Step[],
  slots: (bucket: number) => number,
  onTake?: (best: Waiter | undefined, taken: Waiter | undefined) => void,
) {
  const admission = new Admission<Waiter>();
  const [p, q, dag, other] = [new Limit("p", 3), new Limit("q", 2), new Limit("dag", 4), new Limit("other dag", 3)];
  const share = { served: 0 };
  const buckets = Array.from({ length: 6 }, (_, n) =>
    admission.bucket(share, n < 4 ? p : q, slots(n), [n % 3 === 0 ? dag : other]),
  );
  const waiting: Waiter[] = [];
  const running: Waiter[] = [];
  const take = (): Waiter | undefined => {
    const best = bestOf(waiting);
    const taken = admission.take();
    onTake?.(best, taken);
    if (!taken) return undefined;
    waiting.splice(waiting.indexOf(taken), 1);
    running.push(taken);
    return taken;
  };
  const release = (which: number): void => {
    const [done] = running.splice(which % running.length, 1);
    admission.release(done.bucket);
  };
  for (const move of moves) {
    if (move.do === "add") {
      const added = waiter(buckets[move.bucket], move.weight, { logicalDate: move.date });
      waiting.push(added);
      admission.add(added.bucket, added);
    } else if (move.do === "take") {
      take();
    } else if (move.do === "release" && running.length > 0) {
      release(move.which);
    } else if (move.do === "cancel" && waiting.length > 0) {
      const [cancelled] = waiting.splice(move.which % waiting.length, 1);
      cancelled.isReady = false;
      admission.left(cancelled.bucket);
    }
    for (const limit of [p, q, dag, other]) expect(limit.used).toBeLessThanOrEqual(limit.capacity);
  }
  return { waiting, running, take, release };
}

test("with one slot each, every choice is the one that looking at everybody gives", () => {
  fc.assert(
    fc.property(steps, (moves) => {
      play(
        moves,
        () => 1,
        (best, taken) => expect(taken?.order).toBe(best?.order),
      );
    }),
    { numRuns: 1_000 },
  );
});

test("with several slots each, everybody who waits gets their turn in the end", () => {
  fc.assert(
    fc.property(steps, (moves) => {
      const { waiting, running, take, release } = play(moves, (bucket) => (bucket % 3) + 1 - (bucket === 5 ? 1 : 0));
      while (waiting.length > 0) {
        while (take());
        expect(running.length).toBeGreaterThan(0);
        release(0);
      }
    }),
    { numRuns: 1_000 },
  );
});
