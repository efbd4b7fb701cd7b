import type { AirflowCase } from "./case-file.ts";
import type { CoveringTest } from "./verdict.ts";

/** Backfills are a package of their own, which runs its cases itself. */
const backfillCases = "../backfill/test/airflow-cases.test.ts";

/** Cases whose expectation is a sentence, with the test that holds us to it. */
const covering: Readonly<Record<string, Readonly<Record<string, CoveringTest>>>> = {
  presets_misc: {
    "jitter-props": {
      file: "src/timetable/jitter.test.ts",
      title: "jitter moves every run of a seed by the same time, and nothing else",
    },
  },
  priority_weight: {
    "int32-clamp": {
      file: "src/graph/weights.test.ts",
      title: "weights stay within 32 bits",
    },
  },
  xcom: {
    "pull-self": {
      file: "test/airflow/xcom.test.ts",
      title: "a pull that names no task reads the calling instance's own",
    },
    "set-replaces": { file: "test/airflow/xcom.test.ts", title: "a second push under a key replaces the first" },
    "prior-dates": {
      file: "test/airflow/xcom.test.ts",
      title: "a prior pull reads the newest run whose date is not later, and only when asked to",
    },
    "do_xcom_push-false": { file: "test/airflow/xcom.test.ts", title: "a task with xcom: false keeps no result" },
    "mapped-length": {
      file: "test/airflow/xcom.test.ts",
      title: "the results of a mapped task come as a list, and one by one by index",
    },
  },
  mapping: {
    "mapped-depends-on-past": {
      file: "test/airflow/mapping.test.ts",
      title: "a mapped task that depends on its past waits for every instance of the previous run",
    },
    "producer-returns-none": {
      file: "test/airflow/mapping.test.ts",
      title: "a task that others are mapped over fails itself when it returns no list",
    },
  },
  backfill: {
    simple: { file: backfillCases, title: "a backfill makes a queued run for each date, in order, with its conf" },
    "existing-running": { file: backfillCases, title: "dates with a run under way are left alone as in flight" },
    "reprocess-failed": {
      file: backfillCases,
      title: "failed runs are run again, successful ones exist already, running ones are in flight",
    },
    "second-active": {
      file: backfillCases,
      title: "a second backfill of the same dates of a DAG is refused while the first is active",
    },
    "dop-reverse": { file: backfillCases, title: "a DAG that depends on its past is not filled backward" },
    "no-schedule": { file: backfillCases, title: "a DAG without a schedule has no dates to be filled" },
    "from-after-to": { file: backfillCases, title: "a range that ends before it begins is refused" },
    "params-validated": { file: backfillCases, title: "params that do not fit the DAG's schema are refused" },
  },
};

export function coveringTestOf(group: string, fact: AirflowCase): CoveringTest | undefined {
  return covering[group]?.[fact.id];
}

/** All of them, to check that they are there. */
export const coveringTests: readonly CoveringTest[] = Object.values(covering).flatMap((tests) => Object.values(tests));
