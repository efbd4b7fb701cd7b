import fc from "fast-check";
import { expect, test } from "vitest";
import { type DecisionLimits, decide } from "./decide.ts";
import type { Sensitivity } from "./sensitivity.ts";

const limits: DecisionLimits = {
  canCompress: true,
  canEncrypt: true,
  canPlace: true,
  inlineBytes: 1_024,
  offloadBytes: 65_536,
  minGain: 0.1,
};

const stream = undefined;

test.each<[number | undefined, Sensitivity | undefined, number | undefined, string, string]>([
  // size, sensitive, ratio, what is chosen, why
  [0, undefined, undefined, "", "small"],
  [1_024, undefined, undefined, "", "small"],
  [1_024, "keyword", undefined, "encrypt", "contains a sensitive keyword, small"],
  [1_025, undefined, 0.2, "compress", "compresses, fits into the store"],
  [1_025, undefined, 0.7, "", "does not compress enough, fits into the store"],
  [
    1_025,
    "named",
    0.7,
    "compress+encrypt",
    "its DAG, task or key is named as sensitive, compresses, fits into the store",
  ],
  [
    1_025,
    "named",
    0.95,
    "encrypt",
    "its DAG, task or key is named as sensitive, does not compress enough, fits into the store",
  ],
  [65_536, undefined, 1, "", "does not compress enough, fits into the store"],
  [65_537, undefined, 1, "place", "does not compress enough, large"],
  [65_537, undefined, 0.2, "compress", "compresses, fits into the store"],
  [65_537, undefined, 0.8, "compress+place", "compresses, large"],
  [50_000, "always", 1, "encrypt+place", "everything is encrypted, does not compress enough, large"],
  [10_000_000, undefined, 0.2, "compress+place", "compresses, large"],
  [10_000_000, "keyword", 0.2, "compress+encrypt+place", "contains a sensitive keyword, compresses, large"],
  [stream, "unseen", 0.2, "compress+encrypt+place", "cannot be looked at as a whole, compresses, large"],
  [stream, "unseen", 1, "encrypt+place", "cannot be looked at as a whole, does not compress enough, large"],
])("%s bytes, sensitive: %s, ratio %s -> %s", (sizeBytes, sensitivity, ratio, chosen, why) => {
  const { reasons, ...choice } = decide({ sizeBytes, sensitivity, ratio }, limits);
  expect(chosenOf(choice)).toBe(chosen);
  expect(reasons.join(", ")).toBe(why);
});

const arbitraryTraits = fc.record({
  sizeBytes: fc.option(fc.nat({ max: 5_000_000 }), { nil: undefined }),
  sensitivity: fc.constantFrom<(Sensitivity | undefined)[]>(undefined, "always", "named", "keyword", "unseen"),
  ratio: fc.option(fc.double({ min: 0, max: 1.1, noNaN: true }), { nil: undefined }),
});
const arbitraryLimits = fc.record({
  canCompress: fc.boolean(),
  canEncrypt: fc.boolean(),
  canPlace: fc.boolean(),
  inlineBytes: fc.nat({ max: 4_096 }),
  offloadBytes: fc.integer({ min: 4_096, max: 200_000 }),
  minGain: fc.double({ min: 0, max: 1, noNaN: true }),
});

test("whatever a value is: what is not there is not chosen, what is sensitive is encrypted, and nothing else is", () => {
  fc.assert(
    fc.property(arbitraryTraits, arbitraryLimits, (traits, given) => {
      const { compress, encrypt, place } = decide(traits, given);
      expect(compress && !given.canCompress).toBe(false);
      expect(place && !given.canPlace).toBe(false);
      expect(encrypt).toBe(given.canEncrypt && traits.sensitivity !== undefined);
    }),
  );
});

test("compression never makes what is stored larger, and what is left in the store keeps to its limit if there is a place", () => {
  fc.assert(
    fc.property(arbitraryTraits, arbitraryLimits, (traits, given) => {
      const { sizeBytes, ratio = 1 } = traits;
      if (sizeBytes === undefined) return;
      const { compress, encrypt, place } = decide(traits, given);
      const stored = sizeBytes * (compress ? ratio : 1) * (!place && (compress || encrypt) ? 4 / 3 : 1);
      const otherwise = sizeBytes * (encrypt ? 4 / 3 : 1);
      if (compress) expect(stored).toBeLessThanOrEqual(otherwise);
      if (given.canPlace && !place && sizeBytes > given.inlineBytes)
        expect(stored).toBeLessThanOrEqual(given.offloadBytes);
    }),
  );
});

function chosenOf(choice: Readonly<Record<string, boolean>>): string {
  return ["compress", "encrypt", "place"].filter((step) => choice[step]).join("+");
}
