import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundleAddressOf } from "../../src/config/bundles/load-bundle.ts";
import { createEngine } from "../../src/engine/create-engine.ts";
import { dag } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { bundledDags, codesOf, ran } from "./bundled-dags.ts";

const quickly = { threads: { maxMemoryMb: 64 }, killGrace: "100ms" } as const;
const again = `{ retries: { max: 1, delay: "0s", backoff: "fixed" } }`;

test("an attempt that ends, fills or breaks its thread fails alone and is tried again by its task's policy", async () => {
  const { thread } = await bundledDags(
    `
    const first = (attempt: number, harm: () => unknown) => attempt === 1 ? harm() : "well";
    const never = () => new Promise<never>(() => undefined);
    d.task("exits", ${again}, ({ attempt }) => first(attempt, () => process.exit(7)));
    d.task("exits_later", ${again}, ({ attempt }) => first(attempt, () => { setTimeout(() => process.exit(0)); return never(); }));
    d.task("fills", ${again}, ({ attempt }) => first(attempt, () => { const all: unknown[] = []; for (;;) all.push(new Array(10_000).fill(all.length)); }));
    d.task("throws_in_a_timer", ${again}, ({ attempt }) => first(attempt, () => { setTimeout(() => { throw new RangeError("in a timer"); }); return never(); }));
    d.task("rejects_unheard", ${again}, ({ attempt }) => first(attempt, () => { void Promise.reject(new Error("unheard")); return never(); }));
    d.task("emits_an_error", ${again}, ({ attempt }) => first(attempt, () => { readFile("/", (error) => { throw error; }); return never(); }));
    for (let place = 0; place < 20; place++) d.task("good_" + place, () => threadId > 0);`,
    { head: `import { readFile } from "node:fs";` },
  );
  await using done = await ran(thread, quickly);
  const harmed = Object.keys(done.result.tasks).filter((id) => !id.startsWith("good"));
  for (const id of harmed) {
    expect(done.result.tasks[id], id).toMatchObject({ state: "success", attempts: 2 });
    expect(await done.result.xcom(id)).toBe("well");
  }
  expect(harmed).toHaveLength(6);
  for (let place = 0; place < 20; place++)
    expect(done.result.tasks[`good_${place}`]).toMatchObject({ state: "success", attempts: 1 });
});

test("the error of a harmed attempt says what happened, and where", async () => {
  const { thread } = await bundledDags(`
    d.task("exits", () => process.exit(7));
    d.task("fills", () => { const all: unknown[] = []; for (;;) all.push(new Array(10_000).fill(all.length)); });
    d.task("fills_buffers", () => { const all: Buffer[] = []; for (let mb = 0; mb < 150; mb++) all.push(Buffer.alloc(1_000_000, 1)); for (;;); });
    d.task("throws_in_a_timer", () => { setTimeout(function inATimer() { throw new RangeError("too late"); }); return new Promise(() => undefined); });
    d.task("final", { retries: { max: 5, delay: "0s", when: (error) => (error as { code?: string }).code !== "TASK_THREAD_EXITED" } }, () => process.exit(1));`);
  await using done = await ran(thread, quickly);
  expect(codesOf(done.result)).toEqual({
    exits: "TASK_THREAD_EXITED",
    fills: "TASK_OUT_OF_MEMORY",
    fills_buffers: "TASK_OUT_OF_MEMORY",
    throws_in_a_timer: "TASK_UNCAUGHT",
    final: "TASK_THREAD_EXITED",
  });
  const { tasks } = done.result;
  expect(tasks["exits"].error?.message).toContain("exit code 7");
  expect(tasks["fills"].error?.message).toContain("64 MB");
  expect(tasks["throws_in_a_timer"].error?.message).toContain("too late");
  expect(tasks["throws_in_a_timer"].error?.stack).toMatch(/inATimer.*both\.ts:\d+:\d+/);
  expect(tasks["final"].attempts).toBe(1);
});

test("what an attempt leaves behind ends with it and meets no later attempt", async () => {
  const { thread } = await bundledDags(`
    const left = d.task("leaves", () => { setInterval(() => { throw new Error("of another attempt"); }, 1); return threadId; });
    d.chain(left, d.task("next", async () => {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
      return threadId;
    }));`);
  await using done = await ran(thread, { threads: { max: 1 } });
  expect(done.result.state).toBe("success");
  expect(await done.result.xcom("next")).not.toBe(await done.result.xcom("leaves"));
});

test("a signal that aborts reaches the thread; a task that heeds it ends in its own way", async () => {
  const { thread } = await bundledDags(`
    d.task("heeds", { executionTimeout: "50ms" }, async ({ signal, dagState }) => {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await dagState.set("reason", [(signal.reason as { code: string }).code, signal.reason instanceof Error]);
    });`);
  await using done = await ran(thread, { killGrace: "1h" });
  expect(done.result.tasks["heeds"].error?.code).toBe("TASK_TIMEOUT");
  let kept: string | undefined;
  while (kept === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    kept = await done.store.state.get("dag/thread", "reason");
  }
  expect(JSON.parse(kept)).toEqual(["TASK_TIMEOUT", true]);
});

test("an endless loop is ended after the grace, its slot is free before, and its log says so", async () => {
  const { thread } = await bundledDags(`
    const loop = d.task("loops", { executionTimeout: "50ms" }, () => { for (;;); });
    const later = d.task("later", { triggerRule: "all_done" }, () => threadId);
    d.chain(loop, later);`);
  await using done = await ran(thread, { killGrace: "100ms", threads: { max: 1 } });
  expect(done.result.tasks["loops"].error?.code).toBe("TASK_TIMEOUT");
  expect(done.result.tasks["later"].state).toBe("success");
  expect((await done.logOf("loops")).map(({ message }) => message)).toEqual([
    expect.stringContaining("its thread was ended"),
  ]);
});

test("cancelling a run and closing the engine end the threads of tasks that do not listen", async () => {
  const { thread } = await bundledDags(`
    d.task("loops", async ({ dagState }) => { await dagState.set("begun", true); for (;;); });
    d.task("waits", () => new Promise(() => undefined));`);
  const store = memoryStore();
  const engine = await createEngine({ dags: [thread], store, killGrace: "50ms" });
  const begun = async (): Promise<void> => {
    while ((await store.state.get("dag/thread", "begun")) === undefined)
      await new Promise((resolve) => setImmediate(resolve));
  };
  const first = await engine.trigger(thread, { runId: "first" });
  await begun();
  expect(await engine.cancel("thread", first.runId)).toBe(true);
  expect((await engine.runs({ dagId: "thread" })).map(({ state }) => state)).toEqual(["cancelled"]);
  await engine.trigger(thread, { runId: "second" });
  await engine.close();
});

test("tasks see a few variables of the environment and those that were named, never the engine's secrets", async () => {
  const { thread } = await bundledDags(`d.task("env", () => Object.keys(process.env).sort());`);
  process.env.MILLRACE_TEST_SECRET = "s3cret";
  process.env.MILLRACE_TEST_REGION = "eu";
  await using done = await ran(thread, { threads: { env: ["MILLRACE_TEST_REGION"] } });
  const seen = (await done.result.xcom("env")) as string[];
  expect(seen).toContain("PATH");
  expect(seen).toContain("MILLRACE_TEST_REGION");
  const usual = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "NODE_ENV", "MILLRACE_TEST_REGION"];
  expect(seen.filter((name) => !usual.includes(name))).toEqual([]);
});

test("a DAG that no file holds cannot have tasks in threads, and one whose code is gone fails with what is missing", async () => {
  const here = dag("here", {}, (d) => {
    d.task("inline", () => 1);
    d.task("apart", { isolation: "thread" }, () => 1);
  });
  await expect(createEngine({ dags: [here], store: memoryStore() })).rejects.toMatchObject({
    code: "THREAD_CODE_MISSING",
    message: expect.stringContaining("'apart' of DAG 'here'"),
  });
  const { thread } = await bundledDags(`d.task("t", () => 1);`);
  const address = bundleAddressOf(thread);
  rmSync(join(address?.home ?? "", "bundles"), { recursive: true });
  await using done = await ran(thread);
  expect(codesOf(done.result)).toEqual({ t: "BUNDLE_MISSING" });
});

test("options of threads are checked", async () => {
  for (const [threads, option] of [
    [{ max: 0 }, "threads.max"],
    [{ maxMemoryMb: 1.5 }, "threads.maxMemoryMb"],
    [{ env: "PATH" }, "threads.env"],
  ] as const)
    await expect(createEngine({ store: memoryStore(), threads: threads as never })).rejects.toMatchObject({
      code: "DAG_OPTION_INVALID",
      values: { option },
    });
});
