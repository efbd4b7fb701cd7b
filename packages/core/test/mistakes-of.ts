import type { DagBuilder } from "../src/authoring/builder.ts";
import { dag, isMillraceError, type MillraceError } from "../src/index.ts";

/** What is wrong with a DAG that is built so. */
export function mistakesOf(
  build: (d: DagBuilder) => unknown,
  options: object = {},
  id = "d",
): readonly MillraceError[] {
  try {
    dag(id, options, build as (d: DagBuilder) => void);
  } catch (error) {
    if (isMillraceError(error, "DAG_INVALID")) return error.issues;
    throw error;
  }
  return [];
}
