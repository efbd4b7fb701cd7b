import { randomBytes } from "node:crypto";

/** Where the engine takes randomness from; a test gives a seeded one. */
export interface Randomness {
  /** This many random bytes as lower-case hexadecimal text. */
  hex(bytes: number): string;
}

const drawnAtOnce = 1_024;
let drawn = Buffer.alloc(0);
let used = 0;

/** Unpredictable randomness from the operating system; drawn for many values at once, because a call takes 4 µs whatever it gives. */
export const systemRandomness: Randomness = {
  hex: (bytes) => {
    if (used + bytes > drawn.length) {
      drawn = randomBytes(Math.max(drawnAtOnce, bytes));
      used = 0;
    }
    used += bytes;
    return drawn.toString("hex", used - bytes, used);
  },
};
