/**
 * Numbers from 0 (included) to 1 (excluded), the same for the same seed (mulberry32): for tests that are to be repeated.
 *
 * @param seed - a whole number; its lowest 32 bits count
 * @example
 * ```ts
 * import { seededNumbers } from "@millrace/testing";
 *
 * const [chance, again] = [seededNumbers(7), seededNumbers(7)];
 * console.log(chance() === again()); // true
 * ```
 */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
