import { defineSuite } from "../conformance/conformance-case.ts";
import { backendCases, type XComBackendUnderTest } from "./backend-cases.ts";
import { placeCases, type XComPlaceUnderTest } from "./place-cases.ts";
import { placeStreamCases } from "./place-stream-cases.ts";
import { stageCases, type XComStageUnderTest } from "./stage-cases.ts";
import { stageStreamCases } from "./stage-stream-cases.ts";

/**
 * The conformance suite of XCom stages: one that passes gives back what it was given, or says what is wrong. Call it in a
 * vitest file.
 *
 * @param name - shown in the test report
 * @param make - called for each test
 * @example
 * ```ts no-run
 * import type { XComStage } from "@millrace/core/plugin";
 * import { xcomStageSuite } from "@millrace/testing/suites";
 *
 * declare function brotli(): XComStage;
 * xcomStageSuite("brotli", () => ({ stage: brotli() }));
 * ```
 */
export function xcomStageSuite(name: string, make: () => XComStageUnderTest | Promise<XComStageUnderTest>): void {
  defineSuite(`XCom stage conformance: ${name}`, [...stageCases, ...stageStreamCases], make);
}

/**
 * The conformance suite of XCom places: one that passes keeps bytes, keeps them apart, and says what became of those that it
 * has not any more. Call it in a vitest file.
 *
 * @param name - shown in the test report
 * @param make - makes an empty place; called for each test
 * @example
 * ```ts no-run
 * import type { XComPlace } from "@millrace/core/plugin";
 * import { xcomPlaceSuite } from "@millrace/testing/suites";
 *
 * declare function bucket(): { place: XComPlace; spoil(how: string, path: unknown): Promise<void>; empty(): Promise<void> };
 * xcomPlaceSuite("bucket", () => {
 *   const { place, spoil, empty } = bucket();
 *   return { place, damage: (how, envelope) => spoil(how, envelope.path), cleanup: empty };
 * });
 * ```
 */
export function xcomPlaceSuite(name: string, make: () => XComPlaceUnderTest | Promise<XComPlaceUnderTest>): void {
  defineSuite(`XCom place conformance: ${name}`, [...placeCases, ...placeStreamCases], make);
}

/**
 * The conformance suite of XCom backends: whatever parts are put together, values and streams come back as they were, or it
 * is said what is wrong. Call it in a vitest file.
 *
 * @param name - shown in the test report
 * @param make - makes a backend whose place, if it has one, is empty; called for each test
 * @example
 * ```ts no-run
 * import { type XComPlace, type XComStage, xcomBackend } from "@millrace/core/plugin";
 * import { xcomBackendSuite } from "@millrace/testing/suites";
 *
 * declare function brotli(): XComStage;
 * declare function memory(): XComPlace;
 * xcomBackendSuite("brotli", () => {
 *   const backend = () => xcomBackend([brotli()]);
 *   return { backend: backend(), reopened: backend, chunks: memory() };
 * });
 * ```
 */
export function xcomBackendSuite(name: string, make: () => XComBackendUnderTest | Promise<XComBackendUnderTest>): void {
  defineSuite(`XCom backend conformance: ${name}`, backendCases, make);
}
