import { describe, expect, test } from "vitest";
import { mistakesOf } from "../../test/mistakes-of.ts";
import { dag } from "../index.ts";
import type { DagBuilder } from "./builder.ts";
import type { TaskHandle } from "./handles.ts";

/** Calls that the compiler refuses and JavaScript does not. */
const loosely = (value: unknown): never => value as never;
describe("mistakes", () => {
  test("all of a DAG are told at once, each with its own code and cure", () => {
    const stranger: TaskHandle[] = [];
    dag("other", {}, (d) => stranger.push(d.task("foreign", () => 1)));
    const mistakes = mistakesOf(
      (d) => {
        const a = d.task("a", { triggerRule: loosely("sometimes"), retries: -1 }, () => 1);
        const b = d.task("b", { input: a }, () => 1);
        a.after(b);
        d.task("b", () => 2);
        d.task("../etc", () => 3);
        d.task("c", { input: stranger[0], pool: "", executionTimeout: "soon" }, () => 4);
        d.branch("pick", { choices: ["nowhere"] }, () => "nowhere");
        d.task("typo", loosely({ retires: 3 }), () => 1);
      },
      { maxActiveRuns: 0, startDate: "yesterday", timezone: "Mars/Olympus", colour: "red" },
      "bad..id",
    );
    expect(mistakes.map(({ code }) => code).toSorted()).toEqual([
      "DAG_CYCLE",
      "DAG_DUPLICATE_TASK",
      "DAG_FOREIGN_TASK",
      "DAG_ID_INVALID",
      "DAG_ID_INVALID",
      "DAG_OPTION_INVALID",
      "DAG_OPTION_INVALID",
      "DAG_OPTION_INVALID",
      "DAG_OPTION_INVALID",
      "DAG_OPTION_INVALID",
      "DAG_OPTION_INVALID",
      "DAG_TRIGGER_RULE_UNKNOWN",
      "DAG_UNKNOWN_TASK",
      "INSTANT_INVALID",
      "TIMEZONE_INVALID",
    ]);
    for (const { message, cure } of mistakes) expect(`${message} ${cure}`).not.toMatch(/\{\w+\}|undefined/);
  });

  test("the error itself lists them in its message", () => {
    expect(() =>
      dag("d", {}, (d) => {
        d.task("a b", () => 1);
        d.task("x", { poolSlots: 0 }, () => 1);
      }),
    ).toThrow(/2 mistake\(s\):\n {2}- DAG_ID_INVALID: Task id "a b" .*\n {2}- DAG_OPTION_INVALID: Option 'poolSlots'/);
  });

  test("a cycle is told with all tasks on it", () => {
    const [mistake] = mistakesOf((d) => {
      const [a, b, c] = ["a", "b", "c"].map((id) => d.task(id, () => id));
      d.chain(
        d.task("start", () => 1),
        a,
        b,
        c,
        a,
      );
    });
    expect(mistake).toMatchObject({ code: "DAG_CYCLE", values: { cycle: "a → b → c → a" } });
  });

  test("a task that stands before itself is a cycle, too, also by way of a group or a choice", () => {
    const bySelf = mistakesOf((d) => {
      const a = d.task("a", () => 1);
      a.before(a);
    });
    const byGroup = mistakesOf((d) => {
      const g = d.group("g", (g) => g.task("x", () => 1));
      d.chain(g, g);
    });
    const byChoice = mistakesOf((d) => {
      const a = d.task("a", () => 1);
      d.branch("b", { choices: ["a"] }, () => "a").after(a);
    });
    for (const mistakes of [bySelf, byGroup, byChoice]) expect(mistakes.map(({ code }) => code)).toEqual(["DAG_CYCLE"]);
  });

  test("hostile task ids are refused, whatever they are", () => {
    const long = ["a".repeat(201), "a".repeat(300)];
    const unicode = ["\u202eabc", "🙂", "cafe\u0301", "ä", "\ud800"];
    for (const id of ["..", ".", "", "a.b", "a/b", "a b", " a", "\0", "a\nb", ...long, ...unicode]) {
      const [mistake, ...others] = mistakesOf((d) => d.task(id, () => 1));
      expect([id, mistake?.code, others]).toEqual([id, "DAG_ID_INVALID", []]);
      expect(mistake.message).not.toMatch(/[\0\n\u202e]/);
      expect(mistake.message.length).toBeLessThan(160);
    }
  });

  test("ids that mean something to JavaScript are ids like others", () => {
    const made = dag("constructor", {}, (d) => {
      for (const id of ["__proto__", "constructor", "toString", "hasOwnProperty"]) d.task(id, () => 1);
    });
    expect(made.tasks).toHaveLength(4);
  });

  test.each<[what: string, build: (d: DagBuilder) => unknown, option: string]>([
    ["a retry policy of the wrong kind", (d) => d.task("x", { retries: { max: 1.5 } }, () => 1), "retries"],
    [
      "an unknown part of a retry policy",
      (d) => d.task("x", { retries: loosely({ maxx: 1 }) }, () => 1),
      "retries.maxx",
    ],
    ["an unknown backoff", (d) => d.task("x", { retries: { backoff: loosely("steep") } }, () => 1), "retries.backoff"],
    [
      "a shrinking backoff",
      (d) => d.task("x", { retries: { backoff: { factor: 0.5 } } }, () => 1),
      "retries.backoff.factor",
    ],
    [
      "a filter that is no function",
      (d) => d.task("x", { retries: { when: loosely("always") } }, () => 1),
      "retries.when",
    ],
    ["a negative delay", (d) => d.task("x", { retryDelay: "-5s" }, () => 1), "retryDelay"],
    ["a fractional priority", (d) => d.task("x", { priority: 0.5 }, () => 1), "priority"],
    ["an unknown weight rule", (d) => d.task("x", { weightRule: loosely("sideways") }, () => 1), "weightRule"],
    ["an unknown isolation", (d) => d.task("x", { isolation: loosely("galaxy") }, () => 1), "isolation"],
    ["an unknown role", (d) => d.task("x", { role: loosely("king") }, () => 1), "role"],
    ["a yes that is no boolean", (d) => d.task("x", { dependsOnPast: loosely("yes") }, () => 1), "dependsOnPast"],
    ["a callback that is none", (d) => d.task("x", { onFailure: loosely("mail me") }, () => 1), "onFailure"],
    ["a limit of nothing", (d) => d.task("x", { maxActivePerDag: 0 }, () => 1), "maxActivePerDag"],
    ["an input that is no handle", (d) => d.task("x", { input: loosely("a") }, () => 1), "input"],
    [
      "a group as input",
      (d) => d.task("x", { input: loosely(d.group("g", (g) => g.task("a", () => 1))) }, () => 1),
      "input",
    ],
    ["a part of an input that is no handle", (d) => d.task("x", { input: loosely({ a: 5 }) }, () => 1), "input.a"],
    ["a place of an input that is no handle", (d) => d.task("x", { input: loosely([null]) }, () => 1), "input[0]"],
    ["a mapping over nothing", (d) => d.map("x", loosely({}), () => 1), "over"],
    ["a mapping over a text", (d) => d.map("x", { over: loosely("abc") }, () => 1), "over"],
    ["a mapping over an empty record", (d) => d.map("x", { over: {} }, () => 1), "over"],
    [
      "a mapping over a group",
      (d) => d.map("x", { over: loosely(d.group("g", (g) => g.task("a", () => 1))) }, () => 1),
      "over",
    ],
    ["a factor that is no list", (d) => d.map("x", { over: { n: loosely(5) } }, () => 1), "over.n"],
    ["no element at once", (d) => d.map("x", { over: [1], maxActive: 0 }, () => 1), "maxActive"],
    ["a list of no length", (d) => d.map("x", { over: [1], maxMapLength: 0 }, () => 1), "maxMapLength"],
    ["a branch without choices", (d) => d.branch("x", { choices: [] }, () => null), "choices"],
    ["choices that are no list", (d) => d.branch("x", { choices: loosely("a") }, () => null), "choices"],
    ["a command as text without a shell", (d) => d.shell("x", { command: "ls -l" }), "command"],
    ["a list for a shell", (d) => d.shell("x", { command: ["ls"], shell: true }), "command"],
    ["a run of a DAG that cannot be", (d) => d.trigger("x", { dagId: "../x" }), "dagId"],
    ["an operator that is none", (d) => d.use("x", loosely({ run: () => 1 })), "operator"],
    ["a task without a function", (d) => d.task("x", loosely({ retries: 1 })), "run"],
    ["options that are none", (d) => d.task("x", loosely(5), () => 1), "options"],
    [
      "something in order that is no task",
      (d) =>
        d.chain(
          d.task("x", () => 1),
          loosely("y"),
        ),
      "order",
    ],
    ["nothing in order", (d) => d.task("x", () => 1).after(loosely(undefined)), "order"],
    ["a group without a function", (d) => d.group("x", loosely(undefined)), "build"],
    [
      "unknown options of a group",
      (d) => d.group("x", loosely({ retries: 1 }), (g) => g.task("a", () => 1)),
      "retries",
    ],
    [
      "defaults that are none",
      (d) => d.group("x", { defaults: loosely({ triggerRule: "always" }) }, (g) => g.task("a", () => 1)),
      "defaults.triggerRule",
    ],
    [
      "a result that is dropped and taken",
      (d) => d.task("y", { input: d.task("x", { xcom: false }, () => 1) }, () => 1),
      "xcom",
    ],
    [
      "a list that is dropped and mapped over",
      (d) => d.map("y", { over: d.task("x", { xcom: false }, () => [1]) }, () => 1),
      "xcom",
    ],
  ])("%s", (_, build, option) => {
    const mistakes = mistakesOf(build);
    expect(mistakes.map(({ code, values }) => [code, values.option])).toContainEqual(["DAG_OPTION_INVALID", option]);
    expect(new Set(mistakes.map(({ code }) => code))).toEqual(new Set(["DAG_OPTION_INVALID"]));
  });

  test.each<[options: object, option: string]>([
    [{ schedule: "@daily" }, "schedule"],
    [{ params: {} }, "params"],
    [{ runState: "best" }, "runState"],
    [{ maxActiveTasks: 1.5 }, "maxActiveTasks"],
    [{ runTimeout: "later" }, "runTimeout"],
    [{ tags: "sales" }, "tags"],
    [{ description: 5 }, "description"],
    [{ onSuccess: 1 }, "onSuccess"],
    [{ defaults: { input: 1 } }, "defaults.input"],
    [{ defaults: [] }, "defaults"],
    [{ retries: 2 }, "retries"],
  ])("options of the DAG: %o", (options, option) => {
    const mistakes = mistakesOf((d) => d.task("x", () => 1), options);
    expect(mistakes.map(({ code, values }) => [code, values.option])).toEqual([["DAG_OPTION_INVALID", option]]);
  });

  test("a catchup setting that is none, or of a source that begins with none", () => {
    const source = { name: "file", every: "1m", read: () => true };
    for (const catchup of ["no", { maxRuns: 0 }, source]) {
      const mistakes = mistakesOf((d) => d.task("x", () => 1), { catchup });
      expect(mistakes.map(({ code }) => code)).toEqual(["CATCHUP_INVALID"]);
    }
  });

  test("a source of catchup settings without a name, or that is to be read all the time", () => {
    const source = { name: "", every: "1ms", default: false, read: () => true };
    const mistakes = mistakesOf((d) => d.task("x", () => 1), { catchup: source });
    expect(mistakes.map(({ values }) => values.option)).toEqual(["catchup.name", "catchup.every"]);
  });

  test("options and build function that are none", () => {
    expect(mistakesOf(() => undefined, loosely("x"))).toMatchObject([{ values: { option: "options" } }]);
    expect(mistakesOf(loosely(undefined))).toMatchObject([{ values: { option: "build" } }]);
  });

  test("build functions must not be async, neither the DAG's nor a group's", async () => {
    const late: unknown[] = [];
    const mistakes = mistakesOf(async (d) => {
      d.group("g", async (g) => {
        await null;
        try {
          g.task("late", () => 1);
        } catch (error) {
          late.push(error);
        }
      });
      await null;
      throw new Error("nobody waits for this");
    });
    expect(mistakes.map(({ code, values }) => [code, values.what])).toEqual([
      ["DAG_BUILD_ASYNC", "group 'g'"],
      ["DAG_BUILD_ASYNC", "DAG 'd'"],
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(late).toMatchObject([{ code: "DAG_CLOSED" }]);
  });

  test("nothing is added once the DAG is built", () => {
    const kept: { d?: DagBuilder; a?: TaskHandle } = {};
    dag("d", {}, (d) => {
      kept.d = d;
      kept.a = d.task("a", () => 1);
    });
    expect(() => kept.d?.task("b", () => 1)).toThrow(/Task 'b' was added to DAG 'd'/);
    expect(() => kept.d?.group("g", () => 1)).toThrow(/Group 'g'/);
    expect(() => kept.a?.after(kept.a)).toThrow(/A dependency/);
  });

  test("what the build function throws comes out as it is", () => {
    const thrown = new TypeError("no such file");
    expect(() =>
      dag("d", {}, () => {
        throw thrown;
      }),
    ).toThrow(thrown);
  });

  test("with failFast every task but teardowns waits for success", () => {
    const mistakes = mistakesOf(
      (d) => {
        d.task("a", { triggerRule: "always" }, () => 1);
        d.task("t", { role: "teardown" }, () => 1);
      },
      { failFast: true },
    );
    expect(mistakes.map(({ code }) => code)).toEqual(["DAG_FAIL_FAST_RULE"]);
  });

  test("a group's id is taken as a task's is", () => {
    const codes = (build: (d: DagBuilder) => unknown) => mistakesOf(build).map(({ code }) => code);
    const group = (d: DagBuilder, id: string) => d.group(id, (g) => g.task(id === "g" ? "x" : "y", () => 1));
    expect(codes((d) => [d.task("g", () => 1), group(d, "g")])).toEqual(["DAG_DUPLICATE_TASK"]);
    expect(codes((d) => [group(d, "g"), d.task("g", () => 1)])).toEqual(["DAG_DUPLICATE_TASK"]);
    expect(codes((d) => [group(d, "g"), group(d, "g")])).toContain("DAG_DUPLICATE_TASK");
    expect(codes((d) => group(d, "a.b"))).toContain("DAG_ID_INVALID");
  });
});
