/** One conformance suite per contract of plug-ins, for vitest. */
export type { MakeStore, StoreUnderTest } from "./store/store-case.ts";
export { type StoreSuiteOptions, storeSuite } from "./store/store-suite.ts";
