import { encodeValue } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import { makeSample, sampleKinds, sampleSpecs } from "./samples.ts";

const specs = sampleSpecs(16_777_216);

test("there is every kind, in the sizes of the exercise and above, each under its own name", () => {
  expect(new Set(specs.map(({ kind }) => kind))).toEqual(new Set(sampleKinds));
  expect(new Set(specs.map(({ sizeBytes }) => sizeBytes))).toEqual(
    new Set([100, 1_024, 10_240, 102_400, 1_048_576, 16_777_216]),
  );
  expect(new Set(specs.map(({ name }) => name)).size).toBe(specs.length);
  expect(new Set(sampleSpecs(10_240).map(({ kind }) => kind))).toEqual(new Set(sampleKinds));
});

test.each(specs)("$name takes about $sizeBytes bytes as JSON", (spec) => {
  const size = Buffer.byteLength(encodeValue(makeSample(spec, 1)));
  if (spec.kind === "config") expect(size).toBeLessThan(100);
  else {
    expect(size).toBeGreaterThanOrEqual(spec.sizeBytes * 0.95);
    expect(size).toBeLessThan(spec.sizeBytes + 250);
  }
});

test("the same seed gives the same values, another one others", () => {
  for (const spec of sampleSpecs(10_240)) {
    expect(makeSample(spec, 1)).toEqual(makeSample(spec, 1));
    if (spec.kind !== "config" && spec.kind !== "repetitive")
      expect(makeSample(spec, 1)).not.toEqual(makeSample(spec, 2));
  }
});

test("only the sensitive kind holds words that are looked for", () => {
  const words = /password|secret|token|key|credential|ssn/i;
  for (const spec of sampleSpecs(102_400)) {
    if (spec.kind === "binary") continue;
    expect(words.test(encodeValue(makeSample(spec, 1))), spec.name).toBe(spec.kind === "sensitive");
  }
});
