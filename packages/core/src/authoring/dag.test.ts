import { describe, expect, test } from "vitest";
import { mistakesOf } from "../../test/mistakes-of.ts";
import { type Dag, dag, operator } from "../index.ts";
import type { DagBuilder } from "./builder.ts";

/** Edges as texts, for people: `a>b`. */
function edgesOf({ tasks, edges }: Dag): string[] {
  return edges.map(([from, to]) => `${tasks[from].id}>${tasks[to].id}`).toSorted();
}

describe("a DAG", () => {
  test("has its tasks in the order of their definition, and cannot be changed", () => {
    const made = dag("d", { tags: ["a"] }, (d) => {
      const a = d.task("a", () => 1);
      d.task("b", { input: a }, () => 2);
    });
    expect(made.tasks.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(edgesOf(made)).toEqual(["a>b"]);
    for (const part of [made, made.tasks, made.tasks[0], made.edges, made.groups, made.tags])
      expect(Object.isFrozen(part)).toBe(true);
  });

  test("takes options of the task before those of its group, and these before the DAG's", () => {
    const { tasks } = dag("d", { defaults: { retries: 1, pool: "dag" }, dependsOnPast: true }, (d) => {
      d.task("plain", () => 1);
      d.group("g", { defaults: { pool: "group", retries: 2 } }, (g) => {
        g.task("in", () => 1);
        g.task("own", { retries: 3, dependsOnPast: false }, () => 1);
        g.group("h", { defaults: { priority: 5 } }, (h) => h.task("deep", { pool: undefined }, () => 1));
      });
    });
    expect(
      tasks.map(({ id, retries, pool, priority, dependsOnPast }) => [id, retries.max, pool, priority, dependsOnPast]),
    ).toEqual([
      ["plain", 1, "dag", 1, true],
      ["g.in", 2, "group", 1, true],
      ["g.own", 3, "group", 1, false],
      ["g.h.deep", 2, "group", 5, true],
    ]);
  });

  test("inputs of every shape stand before the task, once", () => {
    const made = dag("d", {}, (d) => {
      const a = d.task("a", () => 1);
      const b = d.task("b", () => 2);
      d.task("list", { input: [a, b, a] }, () => 1).after(a);
      d.task("record", { input: { x: a, y: b } }, () => 1);
      d.map("mapped", { over: { left: [1], right: d.task("c", () => [1]) }, input: a }, () => 1);
    });
    expect(edgesOf(made)).toEqual(["a>list", "a>mapped", "a>record", "b>list", "b>record", "c>mapped"]);
  });
});

describe("order", () => {
  const five = (d: DagBuilder) => ["a", "b", "c", "e", "f"].map((id) => d.task(id, () => id));

  test("a chain joins each item to the next; a list stands for all of its tasks", () => {
    const made = dag("d", {}, (d) => {
      const [a, b, c, e, f] = five(d);
      d.chain(a, [b, c], [e], f);
    });
    expect(edgesOf(made)).toEqual(["a>b", "a>c", "b>e", "c>e", "e>f"]);
  });

  test("before and after take tasks, groups and lists, and can be chained", () => {
    const made = dag("d", {}, (d) => {
      const [a, b, c, e, f] = five(d);
      a.before(b, [c, e]).before(f);
      f.after([b]).after(c);
    });
    expect(edgesOf(made)).toEqual(["a>b", "a>c", "a>e", "a>f", "b>f", "c>f"]);
  });

  test("a group begins with the tasks that nothing in it stands before, and ends with those that nothing stands behind", () => {
    const made = dag("d", {}, (d) => {
      const start = d.task("start", () => 1);
      const group = d.group("g", (g) => {
        const x = g.task("x", () => 1);
        const y = g.task("y", { input: x }, () => 1);
        g.task("z", () => 1);
        return y;
      });
      d.chain(
        start,
        group,
        d.task("end", { input: group.outputs }, () => 1),
      );
    });
    expect(edgesOf(made)).toEqual(["g.x>g.y", "g.y>end", "g.z>end", "start>g.x", "start>g.z"]);
    expect(made.groups).toEqual([{ id: "g", tasks: ["g.x", "g.y", "g.z"] }]);
  });

  test("the order between inner groups, and branches in them, decide where the outer one begins and ends", () => {
    const made = dag("d", {}, (d) => {
      const outer = d.group("o", (o) => {
        const first = o.group("p", (p) => p.task("a", () => 1));
        const second = o.group("q", (q) => {
          q.branch("b", { choices: ["left", "right"] }, () => "left");
          q.task("left", () => 1);
          q.task("right", () => 1);
        });
        o.chain(first, second);
      });
      d.chain(
        d.task("start", () => 1),
        outer,
        d.task("end", () => 1),
      );
    });
    expect(edgesOf(made)).toEqual([
      "o.p.a>o.q.b",
      "o.q.b>o.q.left",
      "o.q.b>o.q.right",
      "o.q.left>end",
      "o.q.right>end",
      "start>o.p.a",
    ]);
  });

  test("what follows a group follows its work, not its teardowns", () => {
    const made = dag("d", {}, (d) => {
      const group = d.group("g", (g) => {
        const s = g.task("s", { role: "setup" }, () => 1);
        const w = g.task("w", { input: s }, () => 1);
        g.task("t", { role: "teardown", setups: s }, () => 1).after(w);
      });
      d.task("next", () => 1).after(group);
    });
    expect(edgesOf(made)).toEqual(["g.s>g.t", "g.s>g.w", "g.w>g.t", "g.w>next"]);
  });

  test("a choice may name a group: then its first tasks follow the branch", () => {
    const made = dag("d", {}, (d) => {
      d.branch("pick", { choices: ["solo", "team"] }, () => "solo");
      d.task("solo", () => 1);
      d.group("team", (g) => {
        g.task("two", () => 1).after(g.task("one", () => 1));
        g.task("three", () => 1);
      });
    });
    expect(edgesOf(made)).toEqual(["pick>solo", "pick>team.one", "pick>team.three", "team.one>team.two"]);
    expect([...(made.tasks[0].choices ?? [])]).toEqual([
      ["solo", ["solo"]],
      ["team", ["team.one", "team.three"]],
    ]);
  });

  test("long chains and wide layers are no trouble", () => {
    const made = dag("d", {}, (d) => {
      const tasks = Array.from({ length: 5_000 }, (_, index) => d.task(`t${index}`, () => 1));
      d.chain(...tasks);
    });
    expect(made.edges).toHaveLength(4_999);
  });
});

describe("setups and teardowns", () => {
  test("a teardown stands behind its setups and has a rule of its own", () => {
    const made = dag("d", {}, (d) => {
      const s = d.task("s", { role: "setup" }, () => 1);
      const r = d.task("r", { role: "setup" }, () => 1);
      d.task("t", { role: "teardown", setups: [s, r], failRun: true }, () => 1);
    });
    expect(edgesOf(made)).toEqual(["r>t", "s>t"]);
    expect(made.tasks[2]).toMatchObject({ role: "teardown", failRun: true, triggerRule: "all_done_setup_success" });
  });

  test("setups are setups, and only teardowns have them", () => {
    const mistakes = mistakesOf((d) => {
      const w = d.task("w", () => 1);
      d.task("t", { role: "teardown", setups: w }, () => 1);
      d.task("u", { setups: w, failRun: true }, () => 1);
    });
    expect(mistakes.map(({ values }) => `${values.option} of ${values.where}`)).toEqual([
      "setups of task 'u'",
      "failRun of task 'u'",
      "setups of task 't'",
      "setups of task 'u'",
    ]);
  });

  test("a task right behind a setup runs only if it succeeded; a teardown is free", () => {
    const mistakes = mistakesOf((d) => {
      const s = d.task("s", { role: "setup" }, () => 1);
      d.task("w", { triggerRule: "all_done" }, () => 1).after(s);
      d.task("t", { role: "teardown", setups: s, triggerRule: "all_done" }, () => 1);
    });
    expect(mistakes.map(({ code, values }) => [code, values.taskId])).toEqual([["DAG_SETUP_RULE", "w"]]);
  });
});

describe("a reusable task", () => {
  const measure = operator({ retries: 2, pool: "lab", doc: "measures" }, () => 42);

  test("brings its options, which the place may override", () => {
    const { tasks } = dag("d", { defaults: { pool: "dag", priority: 3 } }, (d) => {
      d.use("plain", measure);
      d.use("here", measure, { retries: 5, pool: undefined });
    });
    expect(tasks.map(({ retries, pool, priority, kind }) => [retries.max, pool, priority, kind])).toEqual([
      [2, "lab", 3, "operator"],
      [5, "lab", 3, "operator"],
    ]);
  });

  test("takes an input where it says so", () => {
    const double = operator({}, ({ input }: { readonly input: number }) => input * 2);
    const made = dag("d", {}, (d) => {
      d.use("twice", double, { input: d.use("once", measure) });
    });
    expect(edgesOf(made)).toEqual(["once>twice"]);
  });
});
