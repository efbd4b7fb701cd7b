import { expect } from "vitest";
import type { MapOver } from "../../src/authoring/map-source.ts";
import { concat, type Dag, dag, skip, zip } from "../../src/index.ts";
import { openEngine, statesOf } from "../test-engine.ts";
import { type AirflowCase, hasOnly } from "./case-file.ts";
import { scriptedDag } from "./scripted-dag.ts";
import { type GroupReader, notBuilt, run, unknown } from "./verdict.ts";

/** What mapped tasks are mapped over, and what becomes of their instances. */
export const readMapping: GroupReader = (fact) => {
  const { expect: expected } = fact;
  if (/rerun|literal-to-xcom|clear/.test(fact.id)) return notBuilt("clearing of tasks");
  if (fact.expect_error !== undefined) return readRefused(fact);
  if (hasOnly(fact, "expand", "expect") && Array.isArray(fact.expand) && typeof expected === "string")
    return readChain(fact);
  if (hasOnly(fact, "expand", "expect") && Array.isArray(expected))
    return run(async () => {
      const elements = await elementsOf((d) => overOf(d, fact.expand as Record<string, unknown>));
      expect(elements.map((element) => Object.values(element as object))).toEqual(expected);
    });
  if (hasOnly(fact, "expand_kwargs", "expect") && Array.isArray(fact.expand_kwargs))
    return run(async () => {
      const kwargs = fact.expand_kwargs as unknown[];
      expect(await elementsOf((d) => d.task("source", () => kwargs))).toEqual(
        Array.isArray(expected) ? expected : kwargs,
      );
    });
  if (/^(concat|zip)/.test(fact.id)) return readCombined(fact);
  if (typeof fact.fn === "string" && Array.isArray(fact.source)) return readTransformed(fact);
  return unknown;
};

type Builder = Parameters<Parameters<typeof dag>[2]>[0];

/** Lists as results of tasks, plain objects as they stand: both kinds of sources are in play. */
function overOf(d: Builder, expand: Readonly<Record<string, unknown>>): MapOver {
  const factors = Object.entries(expand).map(([name, values]) => [
    name,
    Array.isArray(values) ? d.task(`source_${name}`, () => values) : values,
  ]);
  return Object.fromEntries(factors) as MapOver;
}

/** The elements that the instances of a task mapped over that source are given, by index. */
async function elementsOf(source: (d: Builder) => MapOver): Promise<readonly unknown[]> {
  const elements: unknown[] = [];
  const mapped = dag("mapped", {}, (d) => {
    d.map("each", { over: source(d) }, ({ element, task }) => {
      elements[task.mapIndex] = element;
    });
  });
  await using opened = await openEngine({ dags: [mapped] });
  const result = await opened.run(mapped);
  expect(result.state).toBe("success");
  expect(result.tasks.each.instances).toHaveLength(elements.length);
  return elements;
}

function readRefused(fact: AirflowCase) {
  if (!hasOnly(fact, "expand", "expect_error")) return unknown;
  const over = fact.expand ?? [1];
  return run(() =>
    expect(() =>
      dag("refused", {}, (d) => {
        const options = { over, ...(fact.expand === undefined ? { surplus: 1 } : {}) };
        d.map("each", options as { over: MapOver }, () => 1);
      }),
    ).toThrow(/DAG_OPTION_INVALID/),
  );
}

/** One mapped task after the other, each over the list of its place. */
function readChain(fact: AirflowCase) {
  const lists = fact.expand as unknown[][];
  const wanted = /^all (skipped|success), run (success|failed)$/.exec(String(fact.expect));
  if (!wanted || !lists.every((list) => Array.isArray(list))) return unknown;
  return run(async () => {
    const ids = lists.map((_, place) => `m${place}`);
    const chain = scriptedDag(
      "chain",
      ids.map((id, place) => ({ id, over: lists[place].length })),
      ids.slice(1).map((id, place) => [ids[place], id] as const),
    );
    await using opened = await openEngine({ dags: [chain] });
    const result = await opened.run(chain);
    expect(Object.values(statesOf(result))).toEqual(ids.map(() => wanted[1]));
    expect(result.state).toBe(wanted[2]);
  });
}

/** `a`, `b`, …: results of tasks, put one behind the other or side by side. */
function readCombined(fact: AirflowCase) {
  if (!Array.isArray(fact.expect)) return unknown;
  const parts = Object.entries(fact).filter(([name, value]) => /^[a-z]$/.test(name) && Array.isArray(value));
  const fill = ["fillvalue", "fill"].find((name) => name in fact);
  if (parts.length < 2 || !hasOnly(fact, "expect", ...parts.map(([name]) => name), ...(fill ? [fill] : [])))
    return unknown;
  return run(async () => {
    const elements = await elementsOf((d) => {
      const sources = parts.map(([name, values]) => d.task(name, () => values as unknown[]));
      if (fact.id.startsWith("concat")) return concat(...sources);
      return zip(sources, fill ? { fill: fact[fill] } : undefined);
    });
    expect(elements).toEqual(fact.expect);
  });
}

/** A function between the list and the task: with Millrace the mapped task calls it itself. */
function readTransformed(fact: AirflowCase) {
  const transform = transformOf(fact.fn as string);
  if (!transform || !hasOnly(fact, "source", "fn", "expect", "expect_states")) return unknown;
  return run(async () => {
    const transformed: Dag = dag("transformed", {}, (d) => {
      const source = d.task("source", () => fact.source as unknown[]);
      d.map("each", { over: source }, ({ element }) => transform(element));
    });
    await using opened = await openEngine({ dags: [transformed] });
    const result = await opened.run(transformed);
    const states = result.tasks.each.instances.map(({ state }) => state);
    expect(states).toEqual(fact.expect_states ?? states.map(() => "success"));
    if (fact.expect !== undefined) expect(await result.xcom("each")).toEqual(fact.expect);
  });
}

/** `c->None`, `c raises`, `c raises skip`, `(v*2) then ({value:v})`. */
function transformOf(text: string): ((value: unknown) => unknown) | undefined {
  const special = /^(\w+)\s*(->\s*None|raises skip|skips?|raises)$/.exec(text);
  if (special) {
    return (value) => {
      if (value !== special[1]) return value;
      if (special[2].endsWith("None")) return null;
      throw special[2].includes("skip") ? skip("as the case says") : new Error("as the case says");
    };
  }
  const double = (value: unknown): unknown => (typeof value === "string" ? value + value : Number(value) * 2);
  if (/^\(?v\*2\)?( then \(\{value:v\}\))?$/.test(text)) return double;
  return undefined;
}
