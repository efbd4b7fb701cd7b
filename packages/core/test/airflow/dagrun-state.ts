import { expect } from "vitest";
import { compileGraph } from "../../src/graph/compile.ts";
import type { RunState, TaskState } from "../../src/lifecycle/states.ts";
import { TRIGGER_RULES, type TriggerRule } from "../../src/readiness/trigger-rule.ts";
import { type AirflowCase, hasOnly } from "./case-file.ts";
import { type GivenRun, resume } from "./given-runs.ts";
import { parseGraph } from "./graph-text.ts";
import { scriptedDag, type TaskScript, withForcedRule } from "./scripted-dag.ts";
import { type GroupReader, run, unknown } from "./verdict.ts";

type GivenStates = Readonly<Record<string, string | null>>;

/** Airflow's words for states that Millrace tells otherwise. */
const ourWord: Readonly<Record<string, TaskState>> = { restarting: "running", deferred: "waiting" };

/** Runs put together from task states, and what the run's own state is then. */
export const readDagrunState: GroupReader = (fact) => {
  if (fact.op === "tasks_considered_for_state") return readConsidered(fact);
  if (fact.op === "schedulable") return readSchedulable(fact);
  if (!hasOnly(fact, "tasks", "edges", "rules", "expect", "on_failure_fail_dagrun")) return unknown;
  const { tasks, edges, expect: expected } = fact;
  if (typeof tasks !== "object" || tasks === null || !Array.isArray(edges) || typeof expected !== "string")
    return unknown;
  const [runState, ...moves] = expected.split(",").map((part) => part.trim());
  const ends = moves.map((move) => /^([\w.]+) -> (\w+)$/.exec(move));
  if (!/^(success|failed|running)$/.test(runState) || ends.includes(null)) return unknown;
  return run(async () => {
    const dag = dagOf(fact, tasks as GivenStates, edges as string[]);
    const states = Object.fromEntries(Object.entries(tasks as GivenStates).map(([id, state]) => [id, given(state)]));
    await using resumed = await resume(dag, [{ states }]);
    const after = await resumed.statesOf(0);
    for (const end of ends) expect(after[end?.[1] as string]).toBe(end?.[2]);
    // Airflow ends a run one decision after its last task, Millrace at once: moves that were made count as that decision.
    const isOver = Object.values(after).every((state) => state === "success" || state === "skipped");
    const wanted = ends.length > 0 && runState === "running" && isOver ? "success" : runState;
    expect(await resumed.runState(0)).toBe(wanted as RunState);
  });
};

function dagOf(fact: AirflowCase, tasks: GivenStates, edges: readonly string[]) {
  const rules = (fact.rules ?? {}) as Readonly<Record<string, string>>;
  const forced = Object.entries(rules).filter(([, rule]) => !(TRIGGER_RULES as readonly string[]).includes(rule));
  const scripts = Object.keys(tasks).map((id): TaskScript => {
    const isTeardown = id.startsWith("teardown");
    const rule = rules[id] as TriggerRule | undefined;
    return {
      id,
      options: {
        ...(isTeardown ? { role: "teardown", failRun: fact.on_failure_fail_dagrun === true } : {}),
        ...(id.startsWith("setup") ? { role: "setup" } : {}),
        ...(rule !== undefined && TRIGGER_RULES.includes(rule) ? { triggerRule: rule } : {}),
      },
    };
  });
  const plain = scriptedDag("states", scripts, parseGraph(edges).edges);
  return forced.reduce((dag, [id, rule]) => withForcedRule(dag, id, rule), plain);
}

function given(state: string | null): TaskState | null {
  return state === null ? null : (ourWord[state] ?? (state as TaskState));
}

/** `s1>w1>t1_`: setups, work and teardowns by their first letter; a teardown with a trailing underscore fails its run. */
function readConsidered(fact: AirflowCase) {
  if (!hasOnly(fact, "op", "graph", "expect")) return unknown;
  return run(async () => {
    const graph = parseGraph(fact.graph as string | string[]);
    const scripts = graph.names.map((id): TaskScript => {
      const role = id.startsWith("s") ? "setup" : id.startsWith("t") ? "teardown" : undefined;
      return { id, options: { role, failRun: role === "teardown" && id.endsWith("_") } };
    });
    const dag = scriptedDag("considered", scripts, graph.edges);
    const compiled = compileGraph(dag);
    expect(compiled.considered.map((number) => compiled.tasks[number].id).toSorted()).toEqual(
      [...(fact.expect as string[])].toSorted(),
    );
    for (const failing of graph.names) {
      const states = Object.fromEntries(graph.names.map((id) => [id, id === failing ? "failed" : "success"] as const));
      await using resumed = await resume(dag, [{ states }]);
      const wanted = (fact.expect as string[]).includes(failing) ? "failed" : "success";
      expect([failing, await resumed.runState(0)]).toEqual([failing, wanted]);
    }
  });
}

/** The state of a task in the previous run, and whether the same task may start in the next. */
function readSchedulable(fact: AirflowCase) {
  if (!hasOnly(fact, "op", "param", "prev_ti", "expect") || typeof fact.expect !== "boolean") return unknown;
  const previous = given(fact.prev_ti as string | null);
  const looksBehind = fact.param === "wait_for_downstream";
  if (!looksBehind && fact.param !== "depends_on_past") return unknown;
  return run(async () => {
    const options = looksBehind ? { waitForDownstream: true } : { dependsOnPast: true };
    const dag = scriptedDag("past", [{ id: "task", options }, { id: "behind" }], [["task", "behind"]]);
    const states: GivenRun["states"] = looksBehind ? { task: "success", behind: previous } : { task: previous };
    await using resumed = await resume(dag, [
      { states, type: "scheduled" },
      { states: {}, type: "scheduled" },
    ]);
    expect(resumed.begun.includes("run 2: task")).toBe(fact.expect);
  });
}
