import { createHash } from "node:crypto";
import { randomLcg } from "d3-random";

/**
 * Random numbers from 0 to 1 that follow from a run's seed and what they are for. The seed is hashed first: the
 * generator's streams of neighbouring seeds begin alike.
 */
export function seededRandom(seed: number, purpose: string): () => number {
  const hash = createHash("sha256").update(`${purpose} ${seed}`).digest();
  return randomLcg(hash.readUInt32LE(0) / 2 ** 32);
}
