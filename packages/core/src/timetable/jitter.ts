import { createHash } from "node:crypto";

/** How much later than planned runs are due, so that many DAGs do not begin at once. */
export interface Jitter {
  readonly maxMs: number;
  /** Equal seeds are delayed equally. `undefined`: the DAG's id. */
  readonly seed: string | undefined;
}

/** The delay of a seed: whole milliseconds from 0 up to, not including, the greatest. Always the same for the same seed. */
export function delayOf(seed: string, maxMs: number): number {
  const drawn = createHash("sha256").update(seed).digest().readUIntBE(0, 6);
  return Math.floor((drawn / 2 ** 48) * maxMs);
}
