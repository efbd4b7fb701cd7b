import { inspect } from "node:util";
import { expect, test } from "vitest";
import type { XComStage } from "../../src/xcom/parts.ts";
import { bundledDags, type Ran, ran } from "./bundled-dags.ts";

/** Everything that a context offers, and every way to end. */
const tasks = `
  const first = d.task("first", (context) => {
    const { params, conf, interval, logicalDate, run, task, attempt, idempotencyKey, signal, element, input } = context;
    return { params, conf, start: interval.start, end: interval.end, logicalDate, type: run.type, task, attempt,
      key: idempotencyKey.split("/").slice(1), aborted: signal.aborted, element: String(element), input: String(input) };
  });
  const values = d.task("values", async ({ xcom, log, state, dagState }) => {
    log.info("begins", { n: 1n, nested: { a: [1] } });
    log.warn("two\\nlines");
    await state.set("seen", new Set([1]));
    await dagState.set("seen", new Date(7));
    const swapped = await dagState.compareAndSet("seen", new Date(7), 8);
    await state.delete("nothing");
    await xcom.push("map", new Map([["a", { deep: [new Date(5), 2n, NaN, new Uint8Array([1, 2])] }]]));
    void xcom.push("not_waited_for", "still kept");
    const all = await xcom.pushAll("p", { a: 1, b: undefined ?? 2 });
    await xcom.push("gone", 1);
    const { removed, sizeBytes } = await xcom.clear({ task: "values", keys: ["gone"] });
    return { seen: await state.get("seen"), all: { ...all, push_timestamp: 0 }, swapped, own: await xcom.pull({ key: "map" }), removed, sizeBytes,
      unique: /^base_[0-9a-f]{8}$/.test(xcom.uniqueKey("base")) };
  });
  d.task("reads", { input: { first, list: values } }, async ({ input, xcom }) => ({
    input,
    map: await xcom.pull({ task: "values", key: "map" }),
    late: await xcom.pull({ task: values, key: "not_waited_for" }),
    none: await xcom.pull({ task: "values", key: "nothing", default: "by default" }),
    both: await xcom.pull({ task: ["first", "values"], key: "p_a" }),
    split: await xcom.pullAvailable("values", ["p_a", "p_b", "p_c"]),
    earlier: await xcom.pull({ task: "values", prior: true, key: "gone", default: null }),
  }));
  const streams = d.task("streams", ({ xcom }) => xcom.pushStream("bytes", (async function* () {
    for (let piece = 0; piece < 5; piece++) yield new Uint8Array(100_000).fill(piece);
  })()));
  d.task("reads_stream", { input: streams }, async ({ xcom }) => {
    let sum = 0;
    let size = 0;
    for await (const bytes of await xcom.pullStream({ task: "streams", key: "bytes" })) {
      size += bytes.length;
      for (const byte of bytes) sum += byte;
    }
    return { sum, size };
  });
  d.task("lineage", async ({ lineage, xcom }) => {
    await Promise.all([lineage("a", "x"), lineage("b", "y")]);
    return ((await xcom.pull({ key: "data_lineage" })) as { data_source: string }[]).map((record) => record.data_source);
  });
  const doubled = d.map("doubled", { over: d.task("list", () => [1, 2, 3]) }, ({ element, task }) => [element * 2, task.mapIndex]);
  d.task("joined", { input: doubled }, ({ input }) => input);
  d.map("written_out", { over: [(n: number) => n + 1, (n: number) => n * 10] }, ({ element }) => (element as (n: number) => number)(4));
  d.map("product", { over: { a: [1, 2], b: doubled } }, ({ element }) => element);
  d.branch("branch", { choices: ["left", "right"] }, () => "right");
  d.task("left", () => 1);
  d.task("right", () => 2);
  d.chain(d.shortCircuit("stops", () => 0), d.task("stopped", () => 1));
  d.branch("wrong_branch", { choices: ["never"] }, () => "elsewhere");
  d.task("never", () => 1);
  d.task("skips", () => { throw skip("not today"); });
  d.task("fails_at_once", { retries: 3 }, () => { throw fail("for good"); });
  d.task("throws", () => { throw Object.assign(new RangeError("too far"), { code: "E_FAR" }); });
  d.task("throws_text", () => { throw "just text"; });
  d.task("rejects", async () => { throw new TypeError("later"); });
  d.task("keeps_a_function", () => ({ a: [() => 1] }));
  d.task("bad_key", ({ xcom }) => xcom.push("a/b", 1));
  d.task("not_waited_and_bad", async ({ xcom }) => { xcom.push("f", () => 1); });
  d.task("no_stream", ({ xcom }) => xcom.pullStream({ task: "first", key: "return_value" }));
  d.task("no_task", ({ xcom }) => xcom.pull({ task: "nobody" }));
  const flaky = { max: 3, delay: "0s", backoff: "fixed" } as const;
  d.task("flaky", { retries: { ...flaky, when: (error) => (error as { code: string }).code === "E_TRY" && error instanceof Error } },
    async ({ attempt, state, xcom }) => {
      const before = (await state.get("n")) as number ?? 0;
      await state.set("n", before + 1);
      await xcom.push("try", attempt);
      if (attempt < 3) throw Object.assign(new Error("again"), { code: "E_TRY" });
      return { attempt, before, own: await xcom.pull({ key: "try" }) };
    });
  d.task("not_again", { retries: { ...flaky, when: (error) => (error as Error).message === "other" } }, () => { throw new Error("this"); });
  d.task("resumed", async ({ state, attempt }) => {
    if ((await state.get("was")) === undefined) { await state.set("was", 1); throw reschedule(0); }
    return attempt;
  });
`;
const head = `import { reschedule } from "@millrace/core/plugin";`;

/** Everything of a run that people and downstream tasks can see, without what is another in every run. */
async function seenOf({ engine, result, store, logOf }: Ran) {
  const seen: Record<string, unknown> = {};
  for (const { taskId, mapIndex, state, attempt, error, reason, taskInstanceNo, runNo } of await engine.tasks(
    result.dagId,
    result.runId,
  )) {
    const { stack: _, ...said } = JSON.parse(error ?? "{}") as { stack?: string };
    const xcoms = (await store.xcoms.ofRun(runNo)).filter((xcom) => xcom.taskInstanceNo === taskInstanceNo);
    const values: Record<string, unknown> = {};
    for (const { key, format } of xcoms)
      values[key] =
        key === "data_lineage" || key === "bytes"
          ? format
          : inspect(await engine.xcom(result.dagId, result.runId, taskId, { key, mapIndex }), { depth: 9 });
    const log = (await logOf(taskId, mapIndex)).map(({ level, message, fields }) => ({ level, message, fields }));
    seen[`${taskId}/${mapIndex}`] = { state, attempt, said, reason, values, log };
  }
  return JSON.parse(
    JSON.stringify({ state: result.state, seen })
      .replaceAll(`'${result.dagId}'`, "'it'")
      .replaceAll(`show ${result.dagId}`, "show it"),
  );
}

const runOptions = { conf: { a: { b: [1] } }, logicalDate: "2026-03-04T05:06:07Z", runId: "one" };

/** Turns bytes around, and shows that values took this way. */
const reversed: XComStage = {
  kind: "stage",
  name: "reversed",
  marker: "_xcom_reversed",
  bytesField: "data",
  effect: "other",
  write: async (bytes) => ({ envelope: { _xcom_reversed: true }, bytes: Uint8Array.from(bytes).reverse() }),
  read: async (bytes) => Buffer.from(Uint8Array.from(bytes).reverse()),
};

for (const [how, xcom] of [
  ["without XCom parts", {}],
  ["with a part that changes every byte", { backend: [reversed] }],
] as const) {
  test(`tasks end in threads as they do beside the engine, ${how}`, async () => {
    const dags = await bundledDags(tasks, { head });
    await using inline = await ran(dags.inline, { xcom }, runOptions);
    await using thread = await ran(dags.thread, { xcom }, runOptions);
    const expected = await seenOf(inline);
    expect(Object.keys(expected.seen).length).toBeGreaterThan(38);
    expect(await seenOf(thread)).toEqual(expected);
  });
}

test("params reach a thread as their schema gave them", async () => {
  const { thread } = await bundledDags(`d.task("shows", ({ params }) => params);`, {
    head: `const params = { "~standard": { version: 1, vendor: "test", validate: ({ day }) => ({ value: { day: new Date(day), n: 3 } }) } } as const;`,
    options: "{ params }",
  });
  await using done = await ran(thread, {}, { params: { day: "2026-01-02" } });
  expect(await done.result.xcom("shows")).toEqual({ day: new Date("2026-01-02"), n: 3 });
});

test("threads are neither the engine's nor made anew for every attempt, and shell commands run beside the engine", async () => {
  const { thread } = await bundledDags(`
    d.chain(d.task("one", () => threadId), d.task("two", () => threadId), d.task("three", () => threadId));
    d.shell("shell", { command: ["echo", "hi"] });`);
  expect(thread.tasks.map(({ isolation }) => isolation)).toEqual(["thread", "thread", "thread", "inline"]);
  await using done = await ran(thread);
  const ids = await Promise.all(["one", "two", "three"].map((id) => done.result.xcom(id)));
  expect(ids[0]).toBeGreaterThan(0);
  expect(new Set(ids).size).toBe(1);
});

test("a task in a thread sees the previous run", async () => {
  const dags = await bundledDags(
    `d.task("tells", ({ previous }) => [previous?.runId ?? null, String(previous?.interval.end)]);`,
  );
  await using made = await ran(dags.thread, {}, runOptions);
  const { runId } = await made.engine.run(dags.thread, { logicalDate: "2026-03-05" });
  const seen = inspect(await made.engine.xcom("thread", runId, "tells"));
  expect(seen).toBe("[ 'one', '2026-03-04T05:06:07Z' ]");
  expect(await made.result.xcom("tells")).toEqual([null, "undefined"]);
});
