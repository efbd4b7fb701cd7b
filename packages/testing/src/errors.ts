import { defineErrors } from "@millrace/core/plugin";

/** Every error of this package, with its cure. */
export const testingErrorTable = {
  TEST_TASK_UNKNOWN: {
    says: "{where} names the task {taskId}, which DAG '{dagId}' does not have",
    cure: "Name a task of the DAG, with the groups around it: {known}.",
  },
  TEST_STAND_IN_CONFLICT: {
    says: "Task '{taskId}' stands in {first} and in {second}",
    cure: "Name it in one of them: mock runs something in its place, xcom gives what it left without running it, only runs it itself.",
  },
  TEST_VALUE_MISSING: {
    says: "Task '{taskId}' takes the result of '{upstream}', which is not run and has no value",
    cure: "Give it one (xcom: { \"{upstream}\": … }), or add '{upstream}' to only.",
  },
  TEST_VALUE_REFUSED: {
    says: "The value given for XCom {key} of task '{taskId}' could not be pushed: {why}",
    cure: "Give a value that the task itself could have left: JSON, or one of the further types of the list in core's README.",
  },
  TEST_RUN_FAILED: {
    says: "The run of DAG '{dagId}' ended as {state}:\n{list}",
    cure: "The cause is what the first of these tasks threw; result.logs(task) has what it said before.",
  },
  TEST_RUN_STUCK: {
    says: "The run of DAG '{dagId}' does not end, however much time passes: {why}",
    cure: "Mock the tasks named, or give them what they wait for: engine.signal(event), the end of what they await.",
  },
  TEST_ATTEMPT_UNKNOWN: {
    says: "No attempt {attempt} can be ended; under way: {known}",
    cure: "Let the engine start it first (settle, advance), and name it by its task's id, by { taskId, mapIndex }, or give the attempt itself.",
  },
  TEST_CLOCK_STUCK: {
    says: "Nobody sleeps on the manual clock, and what it is driven for is not done",
    cure: "Settle what it waits for outside of the clock's time, then drive it.",
  },
  TEST_CLOCK_ENDLESS: {
    says: "What the manual clock is driven for is not done after {steps} sleeps",
    cure: "Something sleeps again and again; give drive a latest instant, or let it end.",
  },
  TEST_S3_OBJECT_MISSING: {
    says: "There is no object {key} to damage among the {size} of the bucket",
    cure: "Name one of server.objects.keys(), after it was put.",
  },
} as const;

/** Codes of the errors that this package throws. */
export type TestingErrorCode = keyof typeof testingErrorTable;

/** The error of a code of this package. */
export const testingError = defineErrors(testingErrorTable);
