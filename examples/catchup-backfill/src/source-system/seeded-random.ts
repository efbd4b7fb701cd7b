import { createHash } from "node:crypto";
import { randomLcg } from "d3-random";

/** Random numbers from 0 to 1 that follow from what they are for: the same world in every run, on every machine. */
export function seededRandom(purpose: string): () => number {
  const hash = createHash("sha256").update(purpose).digest();
  return randomLcg(hash.readUInt32LE(0) / 2 ** 32);
}
