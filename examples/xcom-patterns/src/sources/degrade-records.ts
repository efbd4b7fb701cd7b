import type { Condition } from "../pipeline-params.ts";
import { seededRandom } from "./seeded-random.ts";

/** Shares of records that lose their timestamp, or have their value spoiled. */
const damage: Record<Condition, { readonly loses: number; readonly spoils: number }> = {
  good: { loses: 0, spoils: 0 },
  medium: { loses: 0.28, spoils: 0 },
  bad: { loses: 0.42, spoils: 0.35 },
  corrupt: { loses: 0, spoils: 0 },
  missing: { loses: 0, spoils: 0 },
};

/**
 * Simulates a careless supplier: some records lose their timestamp, of others the value is spoiled. Which ones follows
 * from the seed.
 *
 * @param valueField - the number that is spoiled
 */
export function* degradeRecords<T extends { readonly timestamp: string }>(
  records: Iterable<T>,
  condition: Condition,
  valueField: keyof T & string,
  seed: number,
): Generator<T | Omit<T, "timestamp">, void, undefined> {
  const { loses, spoils } = damage[condition];
  const random = seededRandom(seed, `damage to ${valueField}`);
  for (const record of records) {
    const draw = random();
    if (draw < loses) {
      const { timestamp: _, ...rest } = record;
      yield rest;
    } else if (random() < spoils) yield { ...record, [valueField]: -1 };
    else yield record;
  }
}
