import { type Clock, systemClock } from "../time/clock.ts";

const longestLoadMs = 30_000;

/** What `load` gives, or an error if that takes too long: the code that is loaded may wait for something that never comes. */
export async function withinLoadTime<T>(load: Promise<T>, clock: Clock = systemClock): Promise<T> {
  const done = new AbortController();
  const late = clock.sleep(longestLoadMs, done.signal).then(() => {
    throw new Error(
      `it was still loading after ${longestLoadMs / 1_000} s; perhaps a top-level await in it never settles`,
    );
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([load, late]);
  } finally {
    done.abort();
  }
}
