import type { RealWork } from "../clock/manual-clock.ts";

/** Something that may work outside of the clock's time: an attempt under way. */
interface Worker {
  readonly token: number;
}

/** One look at the event loop. */
const lookMs = 2;

/** Attempts that keep the event loop waiting for nothing are taken to wait for the clock after so many looks. */
const quietLooks = 12;

/** How long attempts that do keep it waiting are waited for. */
const patienceMs = 4_000;

/** How long attempts are waited for that hold nothing, when no time is left that could end them. */
const lastHopeMs = 1_000;

/**
 * Attempts that read files, ask servers or run programs take real time, and the clock must not run on meanwhile. While there
 * are attempts under way this waits for them in real time: as long as they hold anything that keeps the process alive, at
 * most four seconds; those that hold nothing of the kind (they wait for their signal, or for ever) for 25 ms, and for a
 * second when nobody sleeps on the clock.
 */
export function realWorkOf(underWay: () => Iterable<Worker>): RealWork {
  const before = heldResources();
  /** By token: looks in which nothing was held, and looks in all. */
  const looks = new Map<number, { quiet: number; all: number }>();
  let hopes = 0;

  const isBusy = (): boolean => {
    const workers = [...underWay()];
    const tokens = new Set(workers.map(({ token }) => token));
    for (const token of looks.keys()) if (!tokens.has(token)) looks.delete(token);
    if (workers.length === 0) return false;
    const isHolding = holdsMore(heldResources(), before);
    let busy = false;
    for (const token of tokens) {
      const count = looks.get(token) ?? { quiet: 0, all: 0 };
      looks.set(token, count);
      // A test runner has timers of its own now and then: only what stays is waited for.
      count.quiet = isHolding ? Math.max(0, count.quiet - 2) : Math.min(count.quiet, quietLooks) + 1;
      if (count.all++ <= patienceMs / lookMs && count.quiet <= quietLooks) busy = true;
    }
    return busy;
  };

  return {
    async wait(isLastHope) {
      const goesOn = isBusy();
      hopes = isLastHope ? hopes + 1 : goesOn ? 0 : hopes;
      if (!goesOn && !(isLastHope && looks.size > 0 && hopes <= lastHopeMs / lookMs)) return false;
      await new Promise<void>((resolve) => setTimeout(resolve, lookMs));
      return true;
    },
  };
}

/** What keeps the process alive, by kind. */
function heldResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (kind !== "Immediate") counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function holdsMore(now: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): boolean {
  for (const [kind, count] of now) if (count > (before.get(kind) ?? 0)) return true;
  return false;
}
