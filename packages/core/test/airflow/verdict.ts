import type { AirflowCase } from "./case-file.ts";

/** What becomes of a case. */
export type Verdict =
  /** It is run: the check throws when Millrace does otherwise. */
  | { readonly kind: "run"; readonly check: () => void | Promise<void> }
  /** Its expectation is a sentence; another test, named here, holds us to it. */
  | { readonly kind: "prose"; readonly coveredBy: CoveringTest }
  /** The part of Millrace that it is about is not there yet. */
  | { readonly kind: "not built yet"; readonly what: string }
  /** Millrace does otherwise on purpose: a heading of docs/airflow-differences.md. */
  | { readonly kind: "difference"; readonly heading: string }
  /** Nobody knows how to run it; reported, not failed. */
  | { readonly kind: "unknown" };

export interface CoveringTest {
  /** Below packages/core. */
  readonly file: string;
  readonly title: string;
}

/** Decides what becomes of the cases of one group. */
export type GroupReader = (fact: AirflowCase) => Verdict;

export const unknown: Verdict = { kind: "unknown" };

export function run(check: () => void | Promise<void>): Verdict {
  return { kind: "run", check };
}

export function notBuilt(what: string): Verdict {
  return { kind: "not built yet", what };
}
