import { dag, fail } from "@millrace/core";
import { describe, expect, test } from "vitest";
import { pushed, testDag } from "../../src/index.ts";

/** Which of its tasks ran. */
function pipeline() {
  const ran: string[] = [];
  const run =
    <T>(id: string, value: T) =>
    () => {
      ran.push(id);
      return value;
    };
  const definition = dag("pipeline", {}, (d) => {
    const gate = d.shortCircuit("gate", run("gate", false));
    const extract = d.task("extract", run("extract", [1, 2]));
    extract.after(gate);
    const each = d.map("each", { over: extract }, ({ element }) => {
      ran.push("each");
      return element * 10;
    });
    const total = d.task("total", { input: { each, extract } }, async ({ input, xcom }) => {
      ran.push("total");
      const unit = await xcom.pull({ task: "extract", key: "unit", default: "none" });
      return { sum: input.each.reduce((a, b) => a + b, 0), count: input.extract.length, unit };
    });
    d.task("report", { input: total, onSuccess: run("callback", undefined) }, ({ input }) => {
      ran.push("report");
      return input.sum;
    });
    const alarm = d.task("alarm", { triggerRule: "one_failed" }, run("alarm", "rings"));
    alarm.after(total);
    d.task("elsewhere", run("elsewhere", 1));
  });
  return { definition, ran };
}

describe("xcom", () => {
  test("gives the result of tasks that are not run, or all that they left by key", async () => {
    const { definition, ran } = pipeline();
    const result = await testDag(definition, {
      xcom: { gate: true, extract: pushed({ return_value: [5], unit: "EUR" }), each: [1, 2, 3] },
    });
    expect(ran).toEqual(["elsewhere", "total", "report", "callback"]);
    expect(result.value("total")).toEqual({ sum: 6, count: 1, unit: "EUR" });
    expect(result.tasks).toMatchObject({ extract: { state: "success" }, each: { state: "success" } });
    expect(result.xcom("extract", "unit")).toBe("EUR");
    expect(result.value("each")).toEqual([1, 2, 3]);
  });

  test("may give nothing on purpose, and what looks like keys is a value", async () => {
    const two = dag("two", {}, (d) => {
      const a = d.task("a", () => ({ return_value: 1 }));
      d.task("b", { input: a }, ({ input }) => input ?? "nothing");
    });
    expect((await testDag(two, { xcom: { a: { return_value: 7 } } })).value("b")).toEqual({ return_value: 7 });
    expect((await testDag(two, { xcom: { a: undefined } })).value("b")).toBe("nothing");
  });
});

describe("only", () => {
  test("runs the tasks named, with what the others are said to have left", async () => {
    const { definition, ran } = pipeline();
    const result = await testDag(definition, { only: ["total"], xcom: { extract: [1], each: [4, 5] } });
    expect(ran).toEqual(["total"]);
    expect(result.value("total")).toMatchObject({ sum: 9 });
    expect(result.state).toBe("success");
    expect(result.tasks).toMatchObject({
      gate: { state: "success" },
      report: { state: "success" },
      alarm: { state: "skipped" },
      elsewhere: { state: "success" },
    });
  });

  test("lets tasks behind a failure tell of it", async () => {
    const { definition, ran } = pipeline();
    const result = await testDag(definition, {
      only: ["total", "alarm"],
      xcom: { extract: [1], each: [] },
      mock: { total: fail("no") },
    });
    expect(ran).toEqual(["alarm"]);
    expect(result.tasks).toMatchObject({ total: { state: "failed" }, report: { state: "upstream_failed" } });
    expect(result.state).toBe("failed");
  });

  test("runs mocks too: they are what was given for their task", async () => {
    const { definition, ran } = pipeline();
    const result = await testDag(definition, {
      only: ["total"],
      mock: { extract: [3], each: ({ element }) => element },
    });
    expect(ran).toEqual(["total"]);
    expect(result.value("total")).toMatchObject({ sum: 3, count: 1 });
  });

  test("takes tasks before those named as done, whatever their own rule and the tasks before them say", async () => {
    const rules = dag("rules", {}, (d) => {
      const alarm = d.task("alarm", { triggerRule: "all_failed" }, () => "never");
      alarm.after(d.task("first", () => 1));
      d.task("last", { input: alarm }, ({ input }) => input);
    });
    expect((await testDag(rules, { only: ["last"], xcom: { alarm: "given" } })).value("last")).toBe("given");
  });
});

describe("mistakes of a test", () => {
  const { definition } = pipeline();
  const refusal = (options: Parameters<typeof testDag>[1]) =>
    testDag(definition, options).then(
      () => "accepted",
      (error: { code: string; message: string; cure: string }) => `${error.code}: ${error.message}. ${error.cure}`,
    );

  test("that name a task which is not there get the nearest id and all there are", async () => {
    expect(await refusal({ only: ["totl"] })).toMatch(
      /^TEST_TASK_UNKNOWN: only names the task "totl" \(did you mean 'total'\?\), .*: gate, extract, each, total, report/,
    );
    expect(await refusal({ mock: { "sales.extract": 1 } })).toMatch(/^TEST_TASK_UNKNOWN: mock names .*extract/);
    expect(await refusal({ xcom: { zzzzzzzzzz: 1 } })).toMatch(/^TEST_TASK_UNKNOWN: xcom names the task "z+", which/);
    const result = await testDag(definition, { xcom: { gate: true } });
    for (const read of [() => result.value("totla"), () => result.xcom("totla", "k"), () => result.logs("totla")])
      expect(read).toThrow(expect.objectContaining({ code: "TEST_TASK_UNKNOWN" }));
    expect(() => result.xcom("total", "a/b")).toThrow(expect.objectContaining({ code: "XCOM_KEY_INVALID" }));
  });

  test("that contradict themselves are told", async () => {
    expect(await refusal({ only: ["total"], xcom: { total: 1 } })).toMatch(
      /^TEST_STAND_IN_CONFLICT: .*xcom and in only/,
    );
    expect(await refusal({ mock: { total: 1 }, xcom: { total: 1 } })).toMatch(
      /^TEST_STAND_IN_CONFLICT: .*mock and in xcom/,
    );
  });

  test("that leave a task without its input are told before it is run", async () => {
    expect(await refusal({ only: ["total"], xcom: { extract: [1] } })).toMatch(
      /^TEST_VALUE_MISSING: Task 'total' takes the result of 'each'/,
    );
    expect(await refusal({ only: ["each"] })).toMatch(/^TEST_VALUE_MISSING: Task 'each' takes the result of 'extract'/);
  });

  test("that give what cannot be pushed are told the path", async () => {
    expect(await refusal({ xcom: { extract: [{ at: () => 1 }] } })).toMatch(
      /^TEST_VALUE_REFUSED: .*"return_value" of task 'extract' .*\$\[0\]\.at/,
    );
    expect(await refusal({ xcom: { extract: pushed({ unit: Symbol("EUR") }) } })).toMatch(
      /^TEST_VALUE_REFUSED: .*"unit"/,
    );
  });
});
