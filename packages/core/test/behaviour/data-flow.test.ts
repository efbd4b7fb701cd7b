import { describe, expect, test } from "vitest";
import { dag, operator } from "../../src/index.ts";
import { openEngine, startOrder, statesOf } from "../test-engine.ts";

describe("order", () => {
  test("a task begins after all that it depends on have ended", async () => {
    const diamond = dag("diamond", {}, (d) => {
      const a = d.task("a", () => "a");
      const b = d.task("b", { input: a }, ({ input }) => `${input}b`);
      const c = d.task("c", { input: a }, ({ input }) => `${input}c`);
      d.task("d", { input: [b, c] }, ({ input }) => input.join("+"));
    });
    await using opened = await openEngine({ dags: [diamond] });
    const result = await opened.run(diamond);
    expect(result.state).toBe("success");
    expect(await result.xcom("d")).toBe("ab+ac");
    expect(startOrder(opened.events)).toEqual(["a", "b", "c", "d"]);
  });

  test("a chain orders tasks, lists of them and groups that pass no data", async () => {
    const chained = dag("chained", {}, (d) => {
      const [a, b, c, e] = ["a", "b", "c", "e"].map((id) => d.task(id, () => undefined));
      const g = d.group("g", (inner) => {
        const first = inner.task("first", () => undefined);
        inner.task("second", () => undefined).after(first);
      });
      d.chain(a, [b, c], g, e);
    });
    await using opened = await openEngine({ dags: [chained] });
    expect((await opened.run(chained)).state).toBe("success");
    expect(startOrder(opened.events)).toEqual(["a", "b", "c", "g.first", "g.second", "e"]);
  });

  test("groups stand in groups, with ids joined by dots and defaults handed down", async () => {
    const attempts: string[] = [];
    const nested = dag("nested", { defaults: { retries: { max: 0 } } }, (d) => {
      const outer = d.group("outer", { defaults: { retries: { max: 1, delay: "1s" } } }, (g) => {
        const inner = g.group("inner", (h) =>
          h.task("deep", ({ attempt }) => {
            attempts.push(`deep ${attempt}`);
            if (attempt === 1) throw new Error("once");
            return 5;
          }),
        );
        return inner.outputs;
      });
      const alone = d.task("alone", ({ attempt }) => {
        attempts.push(`alone ${attempt}`);
        throw new Error("no retry here");
      });
      d.task("end", { input: { deep: outer.outputs, alone }, triggerRule: "all_done" }, ({ input }) => input.deep);
    });
    await using opened = await openEngine({ dags: [nested] });
    const result = await opened.run(nested);
    expect(statesOf(result)).toEqual({ "outer.inner.deep": "success", alone: "failed", end: "success" });
    expect(await result.xcom("end")).toBe(5);
    expect(attempts.sort()).toEqual(["alone 1", "deep 1", "deep 2"]);
  });
});

describe("inputs", () => {
  test("one, a list and a record of results come in the shape that was asked for", async () => {
    const seen: unknown[] = [];
    const shapes = dag("shapes", {}, (d) => {
      const a = d.task("a", () => 1);
      const b = d.task("b", () => ({ text: "two" }));
      d.task("one", { input: a }, ({ input }) => void seen.push(input));
      d.task("list", { input: [a, b] }, ({ input }) => void seen.push(input));
      d.task("record", { input: { x: a, y: b } }, ({ input }) => void seen.push(input));
      d.task("none", ({ input }) => void seen.push(input));
    });
    await using opened = await openEngine({ dags: [shapes] });
    await opened.run(shapes);
    expect(seen).toHaveLength(4);
    for (const value of [1, [1, { text: "two" }], { x: 1, y: { text: "two" } }, undefined])
      expect(seen).toContainEqual(value);
  });

  test("a value has downstream the type that it was returned with", async () => {
    const value = {
      date: new Date(0),
      big: 12n,
      map: new Map([["k", new Set([1])]]),
      bytes: new Uint8Array([1, 2]),
      odd: [Number.NaN, -0, Number.POSITIVE_INFINITY],
      instant:
        (globalThis as { Temporal?: { Instant: { from(text: string): unknown } } }).Temporal?.Instant.from(
          "2026-10-22T00:00:00Z",
        ) ?? null,
    };
    let got: unknown;
    const typed = dag("typed", {}, (d) => {
      const make = d.task("make", () => value);
      d.task("take", { input: make }, ({ input }) => {
        got = input;
      });
    });
    await using opened = await openEngine({ dags: [typed] });
    expect((await opened.run(typed)).state).toBe("success");
    expect(got).toEqual(value);
    expect(got).not.toBe(value);
  });

  test("what cannot be passed on fails the task, with its path", async () => {
    const wrong = dag("wrong", {}, (d) => {
      d.task("fn", () => ({ deep: [{ call: () => 1 }] }) as unknown);
      d.task("missing", () => ({ a: undefined }) as unknown);
      d.task("cycle", () => {
        const loop: Record<string, unknown> = {};
        loop["self"] = loop;
        return loop;
      });
    });
    await using opened = await openEngine({ dags: [wrong] });
    const result = await opened.run(wrong);
    expect(statesOf(result)).toEqual({ fn: "failed", missing: "failed", cycle: "failed" });
    expect(result.tasks["fn"].error).toMatchObject({ code: "XCOM_UNSUPPORTED", message: /\$\.deep\[0\]\.call/ });
    expect(result.tasks["missing"].error?.message).toMatch(/\$\.a/);
    expect(result.tasks["cycle"].error?.message).toMatch(/cycle/);
  });

  test("under other rules the input of an upstream without success is undefined", async () => {
    const seen: unknown[] = [];
    const loose = dag("loose", {}, (d) => {
      const good = d.task("good", () => "good");
      const bad = d.task("bad", () => {
        if (seen.length === 0) throw new Error("bad");
        return "never";
      });
      d.task("any", { input: { good, bad }, triggerRule: "all_done" }, ({ input }) => void seen.push(input));
    });
    await using opened = await openEngine({ dags: [loose] });
    const result = await opened.run(loose);
    expect(result.state).toBe("success");
    expect(result.summary).toBe("success, 1 task failed");
    expect(seen).toEqual([{ good: "good", bad: undefined }]);
  });

  test("a task whose rule is met early gets what is there by then", async () => {
    const seen: unknown[] = [];
    const early = dag("early", {}, (d) => {
      const fast = d.task("fast", () => "fast");
      const slow = d.task("slow", { input: fast }, ({ input }) => `${input} slow`);
      d.task("first", { input: { fast, slow }, triggerRule: "one_success" }, ({ input }) => void seen.push(input));
    });
    await using opened = await openEngine({ dags: [early] });
    expect((await opened.run(early)).state).toBe("success");
    expect(seen).toEqual([{ fast: "fast", slow: undefined }]);
  });

  test("a result that is not kept is not there for others", async () => {
    let got: unknown = "nothing yet";
    const unkept = dag("unkept", {}, (d) => {
      const make = d.task("make", { xcom: false }, () => "secret");
      d.task("take", async ({ xcom }) => {
        got = await xcom.pull({ task: make });
      }).after(make);
    });
    await using opened = await openEngine({ dags: [unkept] });
    const result = await opened.run(unkept);
    expect(result.state).toBe("success");
    expect(got).toBeUndefined();
    expect(await result.xcom("make")).toBeUndefined();
  });
});

describe("reusable tasks", () => {
  const greet = (name: string) =>
    operator<string>({ retries: { max: 1, delay: "1s" } }, ({ attempt, task }) => {
      if (attempt === 1) throw new Error("not at once");
      return `${task.id}: hello ${name}`;
    });
  const double = operator<number, number>({}, ({ input }) => input * 2);

  test("stand in many places, each with options of its own", async () => {
    const uses = dag("uses", {}, (d) => {
      d.use("ada", greet("Ada"));
      d.use("bob", greet("Bob"), { retries: 0 });
      const four = d.task("four", () => 4);
      const eight = d.use("eight", double, { input: four });
      d.use("sixteen", double, { input: eight, triggerRule: "all_success" });
    });
    await using opened = await openEngine({ dags: [uses] });
    const result = await opened.run(uses);
    expect(statesOf(result)).toMatchObject({ ada: "success", bob: "failed", sixteen: "success" });
    expect(await result.xcom("ada")).toBe("ada: hello Ada");
    expect(await result.xcom("sixteen")).toBe(16);
  });
});

describe("the smallest DAGs", () => {
  test("one without tasks is a success at once", async () => {
    const empty = dag("empty", {}, () => undefined);
    await using opened = await openEngine({ dags: [empty] });
    const result = await opened.run(empty);
    expect(result).toMatchObject({ state: "success", tasks: {} });
    expect(opened.events.map(({ kind }) => kind)).toEqual(["run.created", "run.running", "run.success"]);
  });

  test("one of a single empty task is a success", async () => {
    const single = dag("single", {}, (d) => {
      d.empty("only");
    });
    await using opened = await openEngine({ dags: [single] });
    expect(statesOf(await opened.run(single))).toEqual({ only: "success" });
  });

  test("many runs of a DAG without tasks end one after the other", async () => {
    const empty = dag("empty", { maxActiveRuns: 1 }, () => undefined);
    await using opened = await openEngine({ dags: [empty] });
    const { engine, clock } = opened;
    const runs = await clock.drive(Promise.all(Array.from({ length: 3_000 }, () => engine.run(empty))));
    expect(new Set(runs.map(({ state }) => state))).toEqual(new Set(["success"]));
  });
});
