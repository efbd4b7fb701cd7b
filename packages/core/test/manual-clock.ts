/** The tests of core use the clock of `@millrace/testing` by its file: the packages may not need each other. */
export { ManualClock } from "../../testing/src/clock/manual-clock.ts";
