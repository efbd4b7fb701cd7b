import { count } from "./number-format.ts";
import type { StoryReport } from "./story-report.ts";

/** The report in one sentence. */
export function headlineOf({ dags, checks }: StoryReport): string {
  const runs = dags.reduce((sum, dag) => sum + dag.runs, 0);
  const failed = checks.filter(({ passed }) => !passed).length;
  return failed === 0
    ? `${count(runs, "run")}, and every row is where it belongs`
    : `${count(runs, "run")}, and ${count(failed, "check")} did not pass`;
}
