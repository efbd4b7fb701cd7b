import { expect } from "vitest";
import type { TaskHandle } from "../../src/authoring/handles.ts";
import type { WeightRule } from "../../src/authoring/options.ts";
import { compileGraph } from "../../src/graph/compile.ts";
import { dag } from "../../src/index.ts";
import { type AirflowCase, hasOnly } from "./case-file.ts";
import { parseGraph } from "./graph-text.ts";
import { scriptedDag } from "./scripted-dag.ts";
import { type GroupReader, run, unknown } from "./verdict.ts";

/** Layers of tasks, each linked to all of the next, and what each layer weighs in the queue. */
export const readPriorityWeight: GroupReader = (fact) => {
  if (fact.expect_error === true && hasOnly(fact, "rule", "expect_error")) {
    return run(() =>
      expect(() => scriptedDag("weights", [{ id: "task", options: optionsOf(fact, 1) }], [])).toThrow(
        /Option 'weightRule'/,
      ),
    );
  }
  if (hasOnly(fact, "depth", "width", "w", "rule", "expect") && typeof fact.depth === "number") return readLayers(fact);
  if (hasOnly(fact, "graph", "edges", "w", "weights", "rule", "expect") && typeof fact.expect === "object")
    return readGraph(fact);
  return unknown;
};

function readLayers(fact: AirflowCase) {
  const { depth, width, w } = fact as unknown as { depth: number; width: number; w: number };
  return run(() => {
    const layered = dag("weights", {}, (d) => {
      let before: TaskHandle[] = [];
      for (let layer = 0; layer < depth; layer++) {
        const tasks = Array.from({ length: width }, (_, place) =>
          d.task(`l${layer}_${place}`, optionsOf(fact, w), () => 1),
        );
        if (layer > 0) for (const task of tasks) task.after(...before);
        before = tasks;
      }
    });
    const { weights } = compileGraph(layered);
    const expected = (fact.expect as number[]).flatMap((weight) => Array<number>(width).fill(weight));
    expect([...weights]).toEqual(expected);
  });
}

/** Any graph, with a weight per task or the same for all, and the effective weights by task. */
function readGraph(fact: AirflowCase) {
  const own = (fact.weights ?? {}) as Readonly<Record<string, number>>;
  return run(() => {
    const graph = parseGraph((fact.graph ?? fact.edges) as string | string[]);
    const scripts = graph.names.map((id) => ({ id, options: optionsOf(fact, own[id] ?? (fact.w as number) ?? 1) }));
    const { weights, tasks } = compileGraph(scriptedDag("weights", scripts, graph.edges));
    expect(Object.fromEntries(tasks.map(({ id }, number) => [id, weights[number]]))).toEqual(fact.expect);
  });
}

function optionsOf(fact: AirflowCase, priority: number) {
  return { priority, weightRule: (fact.rule ?? "downstream") as WeightRule };
}
