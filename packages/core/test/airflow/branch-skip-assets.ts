import { expect } from "vitest";
import type { TaskHandle } from "../../src/authoring/handles.ts";
import { type Dag, dag, type Timetable } from "../../src/index.ts";
import type { TaskState } from "../../src/lifecycle/states.ts";
import type { TriggerRule } from "../../src/readiness/trigger-rule.ts";
import { Temporal } from "../../src/time/temporal.ts";
import { openEngine, statesOf } from "../test-engine.ts";
import { type AirflowCase, hasOnly } from "./case-file.ts";
import { resume } from "./given-runs.ts";
import { type GraphText, parseGraph } from "./graph-text.ts";
import { type GroupReader, notBuilt, run, unknown } from "./verdict.ts";

/** Tasks that decide which others go on. */
export const readBranchSkipAssets: GroupReader = (fact) => {
  if (fact.id.startsWith("asset")) return notBuilt("assets");
  if (fact.id.startsWith("branch")) return readBranch(fact);
  if (fact.id.startsWith("short-circuit")) return readShortCircuit(fact);
  if (fact.id.startsWith("latest-only")) return readLatestOnly(fact);
  return unknown;
};

interface Scene {
  readonly fact: AirflowCase;
  readonly graph: GraphText;
  /** The task that decides. */
  readonly decider: string;
}

function dagOf({ fact, graph, decider }: Scene, place: (d: Builder, below: readonly string[]) => TaskHandle): Dag {
  const below = graph.edges.filter(([from]) => from === decider).map(([, to]) => to);
  return dag("scene", {}, (d) => {
    const handles = new Map<string, TaskHandle>([[decider, place(d, below)]]);
    for (const id of graph.names) {
      if (id === decider) continue;
      const triggerRule = fact[`${id}_rule`] as TriggerRule | undefined;
      const role = fact[`${id}_is_teardown`] === true ? ("teardown" as const) : undefined;
      handles.set(
        id,
        d.task(id, { triggerRule, role }, () => 1),
      );
    }
    for (const [from, to] of graph.edges) handles.get(from)?.before(handles.get(to) as TaskHandle);
  });
}

type Builder = Parameters<Parameters<typeof dag>[2]>[0];

/** Ids of the tasks that the decider itself skipped, as told by the reason that is kept. */
function skippedBy(decider: string, result: Awaited<ReturnType<Awaited<ReturnType<typeof openEngine>>["run"]>>) {
  return Object.entries(result.tasks)
    .filter(([, { reason }]) => reason?.startsWith(`'${decider}' `))
    .map(([id]) => id)
    .toSorted();
}

/** `op1 skipped, op2 success`: states of tasks, with words of explanation behind. */
function statesIn(text: string): Record<string, TaskState> {
  const found = text.matchAll(/(\w+) (?:is )?(success|skipped|failed|upstream_failed)\b/g);
  return Object.fromEntries([...found].map(([, id, state]) => [id, state as TaskState]));
}

function readBranch(fact: AirflowCase) {
  const ruleFields = Object.keys(fact).filter((field) => field.endsWith("_rule"));
  if (!hasOnly(fact, "graph", "choose", "expect_skipped", "expect", "expect_error", ...ruleFields)) return unknown;
  if (typeof fact.graph !== "string" && !Array.isArray(fact.graph)) return unknown;
  if (!("choose" in fact)) return unknown;
  return run(async () => {
    const graph = parseGraph(fact.graph as string | string[]);
    const decider = graph.names[0];
    const branching = dagOf({ fact, graph, decider }, (d, below) =>
      d.branch(decider, { choices: below }, () => fact.choose as string),
    );
    await using opened = await openEngine({ dags: [branching] });
    const result = await opened.run(branching);
    if (fact.expect_error !== undefined) {
      expect(result.tasks[decider].error?.code).toBe("BRANCH_CHOICE_INVALID");
      return;
    }
    if (fact.expect_skipped !== undefined)
      expect(skippedBy(decider, result)).toEqual([...(fact.expect_skipped as string[])].toSorted());
    for (const id of [fact.choose].flat()) if (typeof id === "string") expect(statesOf(result)[id]).toBe("success");
    if (typeof fact.expect === "string") expect(statesOf(result)).toMatchObject(statesIn(fact.expect));
  });
}

function readShortCircuit(fact: AirflowCase) {
  const others = Object.keys(fact).filter((field) => /_(rule|is_teardown)$/.test(field));
  const known = hasOnly(
    fact,
    "graph",
    "condition",
    "ignore_downstream_trigger_rules",
    "expect_direct_skips",
    "expect_skipped",
    "expect",
    ...others,
  );
  if (!known) return unknown;
  const text = typeof fact.graph === "string" ? fact.graph : "sc>op1>op2";
  const conditions = conditionsOf(fact.condition);
  if (!conditions) return unknown;
  return run(async () => {
    const graph = parseGraph(text);
    const decider = graph.names.find((id) => graph.marks.get(id) === "sc") ?? graph.names[0];
    for (const condition of conditions) {
      const scene = dagOf({ fact, graph, decider }, (d) =>
        d.shortCircuit(
          decider,
          { ignoreDownstreamTriggerRules: (fact.ignore_downstream_trigger_rules ?? true) as boolean },
          () => condition,
        ),
      );
      await using opened = await openEngine({ dags: [scene] });
      const result = await opened.run(scene);
      const direct = fact.expect_direct_skips ?? fact.expect_skipped;
      if (Array.isArray(direct)) expect(skippedBy(decider, result)).toEqual([...(direct as string[])].toSorted());
      if (typeof fact.expect !== "string") continue;
      if (fact.expect === "nothing skipped") expect(Object.values(statesOf(result))).not.toContain("skipped");
      else expect(statesOf(result)).toMatchObject(statesIn(fact.expect));
    }
  });
}

/** Values that stand for the condition; what is not said is false, or nothing would be skipped. */
function conditionsOf(text: unknown): readonly unknown[] | undefined {
  if (text === undefined || text === false) return [false];
  if (text === true) return [true];
  if (typeof text !== "string") return undefined;
  if (/^falsy|^false/.test(text)) return [false, [], "", 0, null, {}];
  return /^tru/.test(text) ? [true, [1], "yes", 1, { a: 1 }] : undefined;
}

const twelveHoursMs = 43_200_000;
const minuteMs = 60_000;

/** Runs of a schedule, the last one the latest; which of them goes on behind the task. */
function readLatestOnly(fact: AirflowCase) {
  if (fact.id === "latest-only-zero-interval" && hasOnly(fact, "expect"))
    return run(async () => {
      const start = Date.UTC(2016, 0, 1);
      expect((await latestOnlyStates([[start, start]], start + 100 * twelveHoursMs, "all_success"))[0].behind).toBe(
        "success",
      );
    });
  if (!hasOnly(fact, "runs", "expect_downstream", "none_failed_grandchild") || !Array.isArray(fact.runs))
    return unknown;
  const starts = (fact.runs as string[]).map((text) => Date.parse(`${text.split(" ")[0]}:00:00Z`.replace("::", ":")));
  if (starts.length < 2 || starts.some(Number.isNaN)) return unknown;
  return run(async () => {
    const width = starts[1] - starts[0];
    const intervals = starts.map((start) => [start, start + width] as const);
    const states = await latestOnlyStates(intervals, (starts.at(-1) as number) + width + minuteMs, "none_failed");
    expect(states.map(({ behind }) => behind)).toEqual(fact.expect_downstream);
    const grandchild = /^(success|skipped) in all/.exec(String(fact.none_failed_grandchild ?? ""));
    if (grandchild) expect(states.map((run) => run.farther)).toEqual(states.map(() => grandchild[1]));
  });
}

async function latestOnlyStates(
  intervals: readonly (readonly [start: number, end: number])[],
  now: number,
  farRule: TriggerRule,
) {
  const width = intervals[0][1] - intervals[0][0] || twelveHoursMs;
  const scheduled = dag("latest", { schedule: everyMs(width) }, (d) => {
    const behind = d.task("behind", () => 1).after(d.latestOnly("latest"));
    d.task("farther", { triggerRule: farRule }, () => 1).after(behind);
  });
  const given = intervals.map((interval) => ({
    states: {},
    type: "scheduled" as const,
    logicalDate: interval[0],
    interval,
  }));
  await using resumed = await resume(scheduled, given, { performs: true, now });
  return Promise.all(given.map((_, index) => resumed.statesOf(index)));
}

/** Intervals of one width, one after the other. */
function everyMs(width: number): Timetable {
  const at = (ms: number) => Temporal.Instant.fromEpochMilliseconds(ms);
  return {
    describe: () => `every ${width} ms`,
    next({ lastInterval, now }) {
      const start = lastInterval?.end.epochMilliseconds ?? now.epochMilliseconds;
      return { interval: { start: at(start), end: at(start + width) }, runAfter: at(start + width) };
    },
  };
}
