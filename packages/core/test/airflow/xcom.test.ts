import { expect, test } from "vitest";
import { type Dag, dag, type TaskContext } from "../../src/index.ts";
import { openEngine } from "../test-engine.ts";

/** A DAG of one task that waits for the others, and returns what `look` gives. */
function looking(others: Parameters<typeof dag>[2], look: (context: TaskContext) => unknown): Dag {
  return dag("looking", {}, (d) => {
    others(d);
    d.task("look", { triggerRule: "all_done" }, look).after(d.task("gate", () => 1));
  });
}

test("a pull that names no task reads the calling instance's own", async () => {
  const seen: unknown[] = [];
  const own = dag("own", {}, (d) => {
    d.map("each", { over: ["a", "b"] }, async ({ element, task, xcom }) => {
      await xcom.push("mine", element);
      seen[task.mapIndex] = [await xcom.pull({ key: "mine" }), await xcom.pull({ key: "none", default: "no" })];
    });
  });
  await using opened = await openEngine({ dags: [own] });
  await opened.run(own);
  expect(seen).toEqual([
    ["a", "no"],
    ["b", "no"],
  ]);
});

test("a second push under a key replaces the first", async () => {
  const twice = dag("twice", {}, (d) => {
    d.task("push", async ({ xcom }) => {
      await xcom.push("key", 1);
      await xcom.push("key", 2);
      await xcom.push("return_value", "pushed");
      return "pushed wins";
    });
  });
  await using opened = await openEngine({ dags: [twice] });
  const result = await opened.run(twice);
  expect([await result.xcom("push", { key: "key" }), await result.xcom("push")]).toEqual([2, "pushed"]);
});

test("a prior pull reads the newest run whose date is not later, and only when asked to", async () => {
  const seen: unknown[] = [];
  const dated = dag("dated", {}, (d) => {
    d.task("keep", async ({ xcom, conf, run }) => {
      seen.push([await xcom.pull({ key: "mark" }), await xcom.pull({ key: "mark", prior: true })]);
      if (conf.keeps === true) await xcom.push("mark", run.id);
    });
  });
  await using opened = await openEngine({ dags: [dated] });
  const run = (runId: string, day: string, keeps: boolean) =>
    opened.run(dated, { runId, logicalDate: `2026-01-${day}`, conf: { keeps } });
  await run("third", "03", true);
  await run("first", "01", true);
  await run("second", "02", false);
  await run("fourth", "04", false);
  expect(seen).toEqual([
    [undefined, undefined],
    [undefined, undefined],
    [undefined, "first"],
    [undefined, "third"],
  ]);
});

test("a retry does not see what the attempt before it pushed, not even by a prior pull", async () => {
  const seen: unknown[] = [];
  const retried = dag("retried", {}, (d) => {
    d.task("try", { retries: 1 }, async ({ xcom, attempt }) => {
      seen.push(await xcom.pull({ key: "mark", prior: true, default: "none" }));
      await xcom.push("mark", attempt);
      if (attempt === 1) throw new Error("again");
    });
  });
  await using opened = await openEngine({ dags: [retried] });
  const result = await opened.run(retried);
  expect([seen, await result.xcom("try", { key: "mark" })]).toEqual([["none", "none"], 2]);
});

test("a task with xcom: false keeps no result", async () => {
  const silent = looking(
    (d) => d.task("silent", { xcom: false }, () => "secret"),
    ({ xcom }) => xcom.pull({ task: "silent", default: "nothing" }),
  );
  await using opened = await openEngine({ dags: [silent] });
  const result = await opened.run(silent);
  expect([result.tasks.silent.state, await result.xcom("look")]).toEqual(["success", "nothing"]);
});

test("the results of a mapped task come as a list, and one by one by index", async () => {
  const mapped = dag("mapped", {}, (d) => {
    const each = d.map("each", { over: [3, 1, 2] }, ({ element }) => (element === 1 ? undefined : element * 10));
    d.task("look", { input: each }, async ({ input, xcom }) => ({
      input,
      all: await xcom.pull({ task: each }),
      last: await xcom.pull({ task: each, mapIndex: 2 }),
      none: await xcom.pull({ task: "each", mapIndex: 1, default: "none" }),
      beyond: await xcom.pull({ task: "each", mapIndex: 3, default: "none" }),
    }));
  });
  await using opened = await openEngine({ dags: [mapped] });
  const result = await opened.run(mapped);
  expect(await result.xcom("look")).toEqual({
    input: [30, 20],
    all: [30, 20],
    last: 20,
    none: "none",
    beyond: "none",
  });
});

test("a list of tasks gives a list, in its order, with the default where there is none", async () => {
  const listed = looking(
    (d) => [d.task("a", () => 1), d.task("b", () => undefined)],
    ({ xcom }) => xcom.pull({ task: ["b", "a"], default: "none" }),
  );
  await using opened = await openEngine({ dags: [listed] });
  expect(await (await opened.run(listed)).xcom("look")).toEqual(["none", 1]);
});

test("null is a value like others; a task that returns nothing leaves none", async () => {
  const empty = looking(
    (d) => [d.task("nil", () => null), d.task("nothing", () => undefined)],
    async ({ xcom }) => [
      await xcom.pull({ task: "nil", default: 1 }),
      await xcom.pull({ task: "nothing", default: 1 }),
    ],
  );
  await using opened = await openEngine({ dags: [empty] });
  expect(await (await opened.run(empty)).xcom("look")).toEqual([null, 1]);
});

test("values are decoded under the address that they were encoded under, also in other runs and instances", async () => {
  const written = new Map<string, string>();
  const addressed = dag("addressed", {}, (d) => {
    const each = d.map("each", { over: [1, 2] }, async ({ xcom, element }) => {
      await xcom.push("own", element);
      return xcom.pull({ key: "own" });
    });
    d.task("look", { input: each }, async ({ xcom }) =>
      [
        await xcom.pull({ task: each, mapIndex: 1 }),
        await xcom.pull({ key: "mark", prior: true, default: null }),
        await xcom.push("mark", "kept"),
      ].slice(0, 2),
    );
  });
  const stage = {
    kind: "stage" as const,
    name: "address",
    marker: "_xcom_address",
    bytesField: "data",
    effect: "other" as const,
    async write(bytes: Uint8Array, address: object) {
      const text = JSON.stringify(address);
      written.set(text, text);
      return { envelope: { _xcom_address: true, address: text }, bytes };
    },
    async read(bytes: Uint8Array, envelope: Readonly<Record<string, unknown>>, address: object) {
      expect(JSON.stringify(address)).toBe(envelope.address);
      return bytes;
    },
  };
  await using opened = await openEngine({ dags: [addressed], xcom: { backend: [stage] } });
  await opened.run(addressed, { logicalDate: "2026-01-01" });
  const { tasks, xcom } = await opened.run(addressed, { logicalDate: "2026-01-02" });
  expect([tasks.look.error, await xcom("look")]).toEqual([null, [2, "kept"]]);
  expect(written.size).toBe(12);
});

test("a stream is no value and a value is no stream; each says how to read it", async () => {
  const kinds = dag("kinds", {}, (d) => {
    const push = d.task("push", async ({ xcom }) => {
      await xcom.push("value", 1);
      await xcom.pushStream(
        "stream",
        (async function* () {
          yield "bytes";
        })(),
      );
    });
    d.task("pull", ({ xcom }) => xcom.pull({ task: "push", key: "stream" })).after(push);
    d.task("stream", async ({ xcom }) => {
      for await (const bytes of await xcom.pullStream({ task: "push", key: "value" })) return bytes;
      return undefined;
    }).after(push);
  });
  await using opened = await openEngine({ dags: [kinds] });
  const { tasks } = await opened.run(kinds);
  for (const [task, how] of [
    ["pull", "Read it with xcom.pullStream."],
    ["stream", "Read it with xcom.pull."],
  ]) {
    expect(tasks[task].error?.code).toBe("XCOM_WRONG_KIND");
    expect(tasks[task].error?.message).toContain(how);
  }
});
