import { readFileSync } from "node:fs";

/** One fact: inputs and what Airflow makes of them. Which fields there are depends on its group and shape. */
export type AirflowCase = Readonly<Record<string, unknown>> & { readonly id: string };

export interface CaseGroup {
  readonly name: string;
  readonly cases: readonly AirflowCase[];
}

/** The facts, taken from Airflow's own tests. The file may be exchanged for a larger one of the same shape. */
export function readCaseFile(): readonly CaseGroup[] {
  const text = readFileSync(new URL("../fixtures/airflow-cases.json", import.meta.url), "utf8");
  const { groups } = JSON.parse(text) as { groups: Record<string, { cases: AirflowCase[] }> };
  return Object.entries(groups).map(([name, { cases }]) => ({ name, cases }));
}

/** Fields that say where a fact comes from, not what it is. */
const remarks = new Set(["id", "note", "notes", "since", "source", "derived"]);

/** True when the case has no field but these: a field that nobody looks at could change its meaning. */
export function hasOnly(fact: AirflowCase, ...fields: readonly string[]): boolean {
  return Object.keys(fact).every((field) => remarks.has(field) || fields.includes(field));
}
