export type { StoreUnderTest } from "./store/store-case.ts";
export { storeSuite } from "./store/store-suite.ts";
