import { expect } from "vitest";
import { TASK_STATES, type TaskState } from "../../src/lifecycle/states.ts";
import { decidePast } from "../../src/readiness/past.ts";
import { type AirflowCase, hasOnly } from "./case-file.ts";
import { type GivenRun, resume } from "./given-runs.ts";
import { scriptedDag } from "./scripted-dag.ts";
import { type GroupReader, notBuilt, run, unknown } from "./verdict.ts";

interface PastCase extends AirflowCase {
  readonly depends_on_past: boolean;
  readonly wait_for_downstream?: boolean;
  readonly prev: string | null;
  readonly prev_downstream_done?: boolean;
  readonly is_backfill_first?: boolean;
  readonly met: boolean;
}

const fields = [
  "depends_on_past",
  "wait_for_downstream",
  "prev",
  "prev_downstream_done",
  "is_backfill_first",
  "met",
  // Whether a note about the past is left for later steps: nothing that the past itself decides.
  "wait_for_past_depends_before_skipping",
  "ignore_first_depends_on_past",
] as const;

/** The run before, and whether a task that depends on its past may start. */
export const readPrevDagrunDep: GroupReader = (fact) => {
  if (Object.keys(fact).some((field) => /context|ignore_depends_on_past/.test(field)))
    return notBuilt("runs that are told to ignore their past");
  if (!hasOnly(fact, ...fields) || typeof fact.met !== "boolean") return unknown;
  const past = fact as PastCase;
  const previous = previousOf(past);
  if (previous === "unknown") return unknown;
  return run(async () => {
    if (past.is_backfill_first) {
      // Backfills are made by a package of their own; the decision stands in core.
      const { depends_on_past: dependsOnPast, wait_for_downstream: waitForDownstream = false } = past;
      const state = (previous?.states.task ?? "scheduled") as TaskState;
      const query = { dependsOnPast, waitForDownstream, previous: { state, downstream: [] }, isFirstOfBackfill: true };
      expect(decidePast(query).met).toBe(past.met);
      return;
    }
    const dag = dagOf(past, ["task", "behind"]);
    await using resumed = await resume(dag, [...(previous ? [previous] : []), { states: {}, type: "scheduled" }]);
    expect(resumed.begun.includes(`run ${previous ? 2 : 1}: task`)).toBe(past.met);
  });
};

function dagOf({ depends_on_past, wait_for_downstream }: PastCase, ids: readonly string[]) {
  const options = { dependsOnPast: depends_on_past, waitForDownstream: wait_for_downstream ?? false };
  const tasks = ids.map((id) => ({ id, options: id === "task" ? options : {} }));
  return scriptedDag("past", tasks, ids.includes("task") ? [["task", "behind"]] : []);
}

/** The previous run, `undefined` for none. */
function previousOf(fact: PastCase): GivenRun | undefined | "unknown" {
  const { prev } = fact;
  if (prev === "no previous run") return undefined;
  const type = "scheduled" as const;
  if (typeof prev === "string" && /new task|no (such )?(task|ti)/i.test(prev))
    return { states: { behind: "success" }, state: "success", type, version: dagOf(fact, ["behind"]) };
  const state = prev === null || prev === "none-state" ? null : prev;
  if (state !== null && !(TASK_STATES as readonly string[]).includes(state)) return "unknown";
  const behind = fact.prev_downstream_done === false ? null : "success";
  return { states: { task: state as TaskState | null, behind }, type };
}
