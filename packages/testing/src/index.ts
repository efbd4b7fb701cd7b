/** What tests of DAGs and of plug-ins need, with any test runner or none. */
export { type ManualClock, manualClock, type RealWork } from "./clock/manual-clock.ts";
export { type PushedXComs, pushed } from "./dag/given-values.ts";
export type { Mock, MockContext, StandIns } from "./dag/stand-ins.ts";
export { type TestDagOptions, testDag } from "./dag/test-dag.ts";
export type { TestLogLine, TestRun } from "./dag/test-run.ts";
export {
  type FaultyPart,
  faultyPlace,
  faultyStage,
  type PartFault,
  type PartFaultPlan,
} from "./doubles/faulty-parts.ts";
export {
  type FailingCommits,
  type FailingReads,
  type Fault,
  type FaultPlan,
  type FaultyStore,
  failingCommits,
  failingReads,
  faultyStore,
} from "./doubles/faulty-store.ts";
export { type AttemptName, type ManualExecutor, manualExecutor } from "./doubles/manual-executor.ts";
export {
  type Job,
  type JobOutcome,
  type RecordedAttempt,
  type RecordingExecutor,
  recordingExecutor,
} from "./doubles/recording-executor.ts";
export { seededNumbers } from "./doubles/seeded-numbers.ts";
export { createTestEngine, type TestEngine, type TestEngineOptions } from "./engine/test-engine.ts";
export { type TestingErrorCode, testingErrorTable } from "./errors.ts";
export { checkHistory } from "./oracle/check-history.ts";
export type { HistoryOptions, HistoryProblem, HistoryRule } from "./oracle/history.ts";
