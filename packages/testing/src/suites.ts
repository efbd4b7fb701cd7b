/** One conformance suite per contract of plug-ins, for vitest. */
export type { ExecutorUnderTest } from "./executor/executor-cases.ts";
export { executorSuite } from "./executor/executor-suite.ts";
export type { SecretProviderUnderTest } from "./secrets/secret-provider-cases.ts";
export { secretProviderSuite } from "./secrets/secret-provider-suite.ts";
export type { MakeStore, StoreUnderTest } from "./store/store-case.ts";
export { type StoreSuiteOptions, storeSuite } from "./store/store-suite.ts";
export type { TimetableUnderTest } from "./timetable/timetable-cases.ts";
export { timetableSuite } from "./timetable/timetable-suite.ts";
export type { XComBackendUnderTest } from "./xcom/backend-cases.ts";
export { xcomBackendSuite, xcomPlaceSuite, xcomStageSuite } from "./xcom/part-suites.ts";
export type { XComPlaceUnderTest } from "./xcom/place-cases.ts";
export type { XComStageUnderTest } from "./xcom/stage-cases.ts";
