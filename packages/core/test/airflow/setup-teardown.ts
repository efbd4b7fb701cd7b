import { expect } from "vitest";
import type { TaskState } from "../../src/lifecycle/states.ts";
import { openEngine } from "../test-engine.ts";
import { type AirflowCase, hasOnly } from "./case-file.ts";
import { type GraphText, parseGraph } from "./graph-text.ts";
import { type Ending, scriptedDag, type TaskScript } from "./scripted-dag.ts";
import { type GroupReader, notBuilt, run, unknown } from "./verdict.ts";

type Expected = Readonly<Record<string, TaskState | readonly TaskState[]>>;

/** Setups, work and teardowns: how all end when some fail. */
export const readSetupTeardown: GroupReader = (fact) => {
  if (Object.keys(fact).some((field) => field.startsWith("clear_"))) return notBuilt("clearing of tasks");
  if (fact.expect_error !== undefined && hasOnly(fact, "expect_error")) {
    return run(() =>
      expect(() =>
        scriptedDag(
          "refused",
          [
            { id: "setup", options: { role: "setup" } },
            { id: "work", options: { triggerRule: "all_done" } },
          ],
          [["setup", "work"]],
        ),
      ).toThrow(/DAG_SETUP_RULE/),
    );
  }
  if (!hasOnly(fact, "graph", "expect", "fail_fast", "run") || typeof fact.expect !== "object") return unknown;
  const graph = graphOf(fact);
  const expected = fact.expect as Expected;
  if (!graph || !Object.keys(expected).every((id) => graph.names.includes(id))) return unknown;
  return run(() => check(fact, graph, expected));
};

/** The graph that is given, or the least that has the tasks that are named. */
function graphOf(fact: AirflowCase): GraphText | undefined {
  if (typeof fact.graph === "string" || Array.isArray(fact.graph)) {
    try {
      return parseGraph(fact.graph as string | string[]);
    } catch {
      return undefined;
    }
  }
  const names = Object.keys(fact.expect as Expected);
  const nameOf = (role: "setup" | "work" | "teardown") => names.filter((name) => roleOf(name) === role);
  const [setups, work, teardowns] = [nameOf("setup"), nameOf("work"), nameOf("teardown")];
  const scope = [setups.length > 0 ? setups : ["setup"], work, teardowns].map((list) => `[${list.join()}]`);
  const graph = parseGraph(`${scope[0]}>${scope[1]}>${scope[2]}, ${scope[0]}>${scope[2]}`);
  const mapped = new Map(
    Object.entries(fact.expect as Expected).flatMap(([id, states]) =>
      Array.isArray(states) ? [[id, states.length] as const] : [],
    ),
  );
  return { ...graph, mapped };
}

function roleOf(id: string): "setup" | "work" | "teardown" {
  if (/^t\d*_?$|teardown/.test(id)) return "teardown";
  return /^s\d*$|setup/.test(id) ? "setup" : "work";
}

async function check(fact: AirflowCase, graph: GraphText, expected: Expected): Promise<void> {
  const source = new Map(
    graph.remarks.flatMap((remark) => {
      const over = /^(\w+) mapped over (\w+)$/.exec(remark);
      return over ? [[over[1], over[2]] as const] : [];
    }),
  );
  const mappedOver = new Map([...source.values()].map((id) => [id, 0]));
  for (const [id, from] of source) mappedOver.set(from, graph.mapped.get(id) ?? 0);
  const tasks = graph.names.map((id): TaskScript => {
    const role = roleOf(id);
    return {
      id,
      over: source.get(id) ?? graph.mapped.get(id),
      does: endingsOf(id, role, expected),
      returns: mappedOver.has(id) ? Array.from({ length: mappedOver.get(id) as number }, (_, index) => index) : 1,
      options: role === "work" ? {} : { role },
    };
  });
  const scopes = scriptedDag("scopes", tasks, graph.edges, { failFast: fact.fail_fast === true });
  await using opened = await openEngine({ dags: [scopes] });
  const result = await opened.run(scopes);
  const ended = Object.fromEntries(
    Object.keys(expected).map((id) => {
      const { state, instances } = result.tasks[id];
      return [id, Array.isArray(expected[id]) ? instances.map((instance) => instance.state) : state];
    }),
  );
  expect(ended).toEqual(expected);
  if (typeof fact.run === "string") expect(result.state).toBe(fact.run);
}

/**
 * What setups and work do is what they are said to come to. What a teardown comes to is the question, unless it fails.
 * A setup that nothing is said of, where all that needs it has failed upstream, is one that fails.
 */
function endingsOf(id: string, role: ReturnType<typeof roleOf>, expected: Expected): Ending | readonly Ending[] {
  const said = expected[id];
  if (said === undefined) {
    const fails =
      role === "setup" &&
      Object.values(expected)
        .flat()
        .every((state) => state === "upstream_failed");
    return fails ? "failed" : "success";
  }
  const endingOf = (state: TaskState): Ending =>
    state === "failed" || (state === "skipped" && role !== "teardown") ? state : "success";
  return typeof said === "string" ? endingOf(said) : said.map(endingOf);
}
