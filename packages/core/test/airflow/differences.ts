import type { AirflowCase } from "./case-file.ts";

interface Difference {
  /** A heading of docs/airflow-differences.md, where the reason stands. */
  readonly heading: string;
  readonly group: string;
  readonly concerns: (fact: AirflowCase) => boolean;
}

/** Cases in which Millrace does otherwise on purpose. */
export const differences: readonly Difference[] = [
  {
    heading: "A skip does not wait for the past",
    group: "trigger_rules",
    concerns: (fact) => fact.wait_for_past_depends_before_skipping === true && fact.past_depends_met === false,
  },
  {
    heading: "Groups are not mapped",
    group: "mapping",
    concerns: ({ id }) => id.includes("mapped-group") || id.startsWith("nested-mapping"),
  },
  {
    heading: "Groups are not mapped",
    group: "setup_teardown",
    concerns: ({ id }) => id.includes("mapped-group"),
  },
  {
    heading: "A result is one value",
    group: "xcom",
    concerns: ({ id }) => id.startsWith("multiple-outputs"),
  },
];

export function differenceOf(group: string, fact: AirflowCase): Difference | undefined {
  return differences.find((difference) => difference.group === group && difference.concerns(fact));
}
