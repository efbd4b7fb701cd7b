/** Conformance suites for plug-ins. */
export type { StoreUnderTest } from "./store/store-case.ts";
export { type StoreSuiteOptions, storeSuite } from "./store/store-suite.ts";
