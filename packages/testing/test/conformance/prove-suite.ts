import { describe, expect, test } from "vitest";
import { type ConformanceCase, tryCase } from "../../src/conformance/conformance-case.ts";

/** A suite is proven: the sound doubles pass every case, and each broken one fails at least one of them. */
export function proveSuite<Subject>(
  cases: readonly ConformanceCase<Subject>[],
  doubles: {
    readonly sound: Readonly<Record<string, () => Subject>>;
    readonly broken: Readonly<Record<string, () => Subject>>;
  },
): void {
  const failedCases = async (make: () => Subject): Promise<string[]> => {
    const failed: string[] = [];
    for (const one of cases) await tryCase(one, make).catch(() => failed.push(one.name));
    return failed;
  };
  const used = new Set<string>();
  describe("sound doubles pass", () => {
    for (const [name, make] of Object.entries(doubles.sound))
      test(name, async () => expect(await failedCases(make)).toEqual([]));
  });
  describe("broken doubles fail", () => {
    for (const [fault, make] of Object.entries(doubles.broken))
      test(fault, async () => {
        const failed = await failedCases(make);
        for (const name of failed) used.add(name);
        expect(failed).not.toEqual([]);
      });
  });
  test("every case is failed by some broken double", () => {
    expect(cases.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });
}
