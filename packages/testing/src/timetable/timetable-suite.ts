import { defineSuite } from "../conformance/conformance-case.ts";
import { type TimetableUnderTest, timetableCases } from "./timetable-cases.ts";

/**
 * The conformance suite of timetables: one that passes plans runs as the engine expects. Call it in a vitest file.
 *
 * @param name - shown in the test report
 * @param make - called for each test
 * @example
 * ```ts no-run
 * import type { Timetable } from "@millrace/core";
 * import { timetableSuite } from "@millrace/testing/suites";
 *
 * declare const everyFullMoon: Timetable;
 * timetableSuite("every full moon", () => ({ timetable: everyFullMoon, steps: 100 }));
 * ```
 */
export function timetableSuite(name: string, make: () => TimetableUnderTest | Promise<TimetableUnderTest>): void {
  defineSuite(`timetable conformance: ${name}`, timetableCases, make);
}
