/** The tests of core use the store of `@millrace/testing` that fails, by its file: the packages may not need each other. */
export { type Fault, type FaultPlan, faultyStore } from "../../testing/src/doubles/faulty-store.ts";
