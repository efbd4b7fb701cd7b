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
  const fails = (one: ConformanceCase<Subject>, make: () => Subject): Promise<boolean> =>
    tryCase(one, make).then(
      () => false,
      () => true,
    );
  const used = new Set<ConformanceCase<Subject>>();
  describe("sound doubles pass", () => {
    for (const [name, make] of Object.entries(doubles.sound))
      test(name, async () => {
        const failed: string[] = [];
        for (const one of cases) if (await fails(one, make)) failed.push(one.name);
        expect(failed).toEqual([]);
      });
  });
  describe("broken doubles fail", () => {
    for (const [fault, make] of Object.entries(doubles.broken))
      test(fault, async () => {
        // Those that no double has failed yet come first: so the last test has few left to look for.
        for (const one of [...cases].sort((a, b) => Number(used.has(a)) - Number(used.has(b)))) {
          if (!(await fails(one, make))) continue;
          used.add(one);
          return;
        }
        expect.unreachable("every case passed");
      });
  });
  test("every case is failed by some broken double", async () => {
    const unused: string[] = [];
    for (const one of cases.filter((it) => !used.has(it))) {
      let isFailed = false;
      for (const make of Object.values(doubles.broken)) isFailed ||= await fails(one, make);
      if (!isFailed) unused.push(one.name);
    }
    expect(unused).toEqual([]);
  });
}
