import { randomBytes } from "node:crypto";

/** Where the engine takes randomness from; a test gives a seeded one. */
export interface Randomness {
  /** This many random bytes as lower-case hexadecimal text. */
  hex(bytes: number): string;
}

/** Unpredictable randomness from the operating system. */
export const systemRandomness: Randomness = {
  hex: (bytes) => randomBytes(bytes).toString("hex"),
};
