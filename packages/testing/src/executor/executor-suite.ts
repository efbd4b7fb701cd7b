import { defineSuite } from "../conformance/conformance-case.ts";
import { type ExecutorUnderTest, executorCases } from "./executor-cases.ts";

/**
 * The conformance suite of executors: one that passes makes attempts as the engine expects. Call it in a vitest file.
 *
 * @param name - shown in the test report
 * @param make - called for each test
 * @example
 * ```ts no-run
 * import { localExecutor } from "@millrace/core/engine";
 * import { executorSuite } from "@millrace/testing/suites";
 *
 * executorSuite("local", () => ({ open: localExecutor }));
 * ```
 */
export function executorSuite(name: string, make: () => ExecutorUnderTest | Promise<ExecutorUnderTest>): void {
  defineSuite(`executor conformance: ${name}`, executorCases, make);
}
