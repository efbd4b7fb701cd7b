import { Temporal } from "../../src/time/temporal.ts";
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
  {
    heading: "Tasks have no dates of their own",
    group: "presets_misc",
    concerns: ({ id }) => id.startsWith("restriction-"),
  },
  {
    heading: "Periods keep their rhythm",
    group: "interval_timetables",
    concerns: (fact) => fact.timetable === "delta-interval" && isOutOfStep(fact, "1970-01-01"),
  },
  {
    heading: "Periods keep their rhythm",
    group: "trigger_timetables",
    concerns: (fact) => fact.timetable === "delta-trigger" && fact.expect === fact.now && isOutOfStep(fact, fact.now),
  },
];

/** Without catching up Airflow starts the rhythm anew here; whether that is another one than the DAG's. */
function isOutOfStep({ expr, catchup, last, earliest }: AirflowCase, start: unknown): boolean {
  const [from] = [last ?? earliest].flat().slice(-1);
  if (catchup !== false || typeof from !== "string" || typeof start !== "string") return false;
  const period = Temporal.Duration.from(String(expr));
  if (period.years !== 0 || period.months !== 0) return false;
  return (Date.parse(from) - Date.parse(start)) % period.total("milliseconds") !== 0;
}

export function differenceOf(group: string, fact: AirflowCase): Difference | undefined {
  return differences.find((difference) => difference.group === group && difference.concerns(fact));
}
