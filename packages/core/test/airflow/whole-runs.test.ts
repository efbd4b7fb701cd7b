import fc from "fast-check";
import { expect, test } from "vitest";
import { compileGraph } from "../../src/graph/compile.ts";
import type { Dag } from "../../src/index.ts";
import type { TaskState } from "../../src/lifecycle/states.ts";
import { TRIGGER_RULES, type TriggerRule } from "../../src/readiness/trigger-rule.ts";
import { restatedRule, restatedTeardownRule, type Upstream } from "../restated-rules.ts";
import { openEngine, type TestEngine } from "../test-engine.ts";
import { type Ending, scriptedDag, type TaskScript } from "./scripted-dag.ts";

interface Drawn {
  readonly tasks: readonly {
    readonly role: "work" | "setup" | "teardown";
    readonly rule: TriggerRule;
    readonly does: Ending;
    /** Endings of its elements, for a mapped task. */
    readonly elements: readonly Ending[] | undefined;
    readonly failRun: boolean;
  }[];
  readonly edges: readonly (readonly [number, number])[];
}

const ending = fc.constantFrom<Ending>("success", "success", "success", "failed", "skipped");
const rules = TRIGGER_RULES.filter((rule) => rule !== "all_done_setup_success");

const drawn: fc.Arbitrary<Drawn> = fc.integer({ min: 1, max: 8 }).chain((size) =>
  fc.record({
    tasks: fc.array(
      fc.record({
        role: fc.constantFrom("work", "work", "work", "setup", "teardown"),
        rule: fc.oneof(fc.constant<TriggerRule>("all_success"), fc.constantFrom(...rules)),
        does: ending,
        elements: fc.option(fc.array(ending, { maxLength: 3 }), { nil: undefined, freq: 3 }),
        failRun: fc.boolean(),
      }),
      { minLength: size, maxLength: size },
    ),
    edges: fc
      .array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: size * 2 })
      .map((pairs) => [...new Map(pairs.filter(([a, b]) => a < b).map((pair) => [pair.join(), pair])).values()]),
  }),
) as fc.Arbitrary<Drawn>;

/** What stands right behind a setup has no choice of its rule. */
function ruleOf({ tasks, edges }: Drawn, number: number): TriggerRule {
  const { role, rule } = tasks[number];
  if (role === "teardown") return "all_done_setup_success";
  return edges.some(([from, to]) => to === number && tasks[from].role === "setup") ? "all_success" : rule;
}

function dagOf(picture: Drawn): Dag {
  const scripts = picture.tasks.map(
    ({ role, does, elements, failRun }, number): TaskScript => ({
      id: `t${number}`,
      over: elements?.length,
      does: elements ?? does,
      options: {
        ...(role === "work" ? {} : { role }),
        ...(role === "teardown" ? { failRun } : { triggerRule: ruleOf(picture, number) }),
      },
    }),
  );
  return scriptedDag(
    "drawn",
    scripts,
    picture.edges.map(([from, to]) => [`t${from}`, `t${to}`] as const),
  );
}

/** Follows the events of a run and asks of every decision whether it was right at that moment. */
class Witness {
  readonly #picture: Drawn;
  readonly #indirectSetups: readonly (readonly number[])[];
  /** By task: the states of its instances; one `?` until it is known how many there are. */
  readonly states: Upstream[][];

  constructor(picture: Drawn, dag: Dag) {
    this.#picture = picture;
    this.#indirectSetups = compileGraph(dag).indirectSetups;
    this.states = picture.tasks.map(() => ["?"]);
  }

  follow(events: TestEngine["events"]): void {
    for (const { kind, taskId, mapIndex = -1 } of events) {
      if (taskId === undefined) continue;
      const number = Number(taskId.slice(1));
      const what = kind.slice("task.".length);
      const { elements } = this.#picture.tasks[number];
      if (what === "expanded") {
        this.states[number] = (elements as readonly Ending[]).map(() => "?");
      } else if (what === "running") {
        expect([taskId, what, this.#decide(number)]).toEqual([taskId, what, "run"]);
        this.#begun.add(`${number}/${mapIndex}`);
      } else if (what === "success" || what === "failed" || what === "skipped" || what === "upstream_failed") {
        const isOwn = this.#begun.has(`${number}/${mapIndex}`);
        if (isOwn) expect(what).toBe(mapIndex < 0 ? this.#picture.tasks[number].does : elements?.[mapIndex]);
        else expect([taskId, what]).toEqual([taskId, this.#decideMapped(number)]);
        this.states[number][Math.max(mapIndex, 0)] = what;
      }
    }
  }

  readonly #begun = new Set<string>();

  /** A mapped task that may start but has no elements is skipped. */
  #decideMapped(number: number): string {
    const decision = this.#decide(number);
    return decision === "run" && this.#picture.tasks[number].elements?.length === 0 ? "skipped" : decision;
  }

  #decide(number: number): string {
    const { tasks, edges } = this.#picture;
    const statesOf = (role: "setup" | undefined) =>
      edges.flatMap(([from, to]) =>
        to === number && (tasks[from].role === "setup") === (role === "setup") ? this.states[from] : [],
      );
    const [work, setups] = [statesOf(undefined), statesOf("setup")];
    if (tasks[number].role === "teardown") return restatedTeardownRule(work, setups);
    const scope = this.#indirectSetups[number].flatMap((setup) => this.states[setup]);
    if (scope.includes("failed") || scope.includes("upstream_failed")) return "upstream_failed";
    if (scope.includes("skipped")) return "skipped";
    if (scope.includes("?")) return "wait";
    return restatedRule(ruleOf(this.#picture, number), [...work, ...setups]);
  }
}

/** What the run must end as, told from Airflow's description of the tasks that are looked at. */
function endOf({ tasks, edges }: Drawn, states: readonly (readonly Upstream[])[]): TaskState {
  const isIgnored = (number: number): boolean => tasks[number].role === "teardown" && !tasks[number].failRun;
  const behind = (number: number): number[] => edges.flatMap(([from, to]) => (from === number ? [to] : []));
  const numbers = [...tasks.keys()];
  const effective = numbers.filter((number) => !isIgnored(number) && behind(number).every(isIgnored));
  const leaves = effective.length > 0 ? effective : numbers.filter((number) => behind(number).length === 0);
  const isBad = leaves.some((number) =>
    states[number].some((state) => state === "failed" || state === "upstream_failed"),
  );
  return isBad ? "failed" : "success";
}

test("every start, skip and upstream failure of random DAGs is what the rules ask for at that moment, and so is the end", async () => {
  await fc.assert(
    fc.asyncProperty(drawn, fc.constantFrom(1, 2, 32), async (picture, concurrency) => {
      const dag = dagOf(picture);
      await using opened = await openEngine({ dags: [dag], concurrency });
      const result = await opened.run(dag);
      const witness = new Witness(picture, dag);
      witness.follow(opened.events);
      expect(witness.states.flat()).not.toContain("?");
      expect(result.state).toBe(endOf(picture, witness.states));
      const told = picture.tasks.map((_, number) => result.tasks[`t${number}`].instances.map(({ state }) => state));
      expect(told).toEqual(witness.states);
    }),
    { numRuns: 600 },
  );
}, 60_000);
