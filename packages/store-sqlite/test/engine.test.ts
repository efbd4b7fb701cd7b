import { join } from "node:path";
import { Readable } from "node:stream";
import { dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { expect, test } from "vitest";
import { check } from "../src/check.ts";
import type { DatabaseSync } from "../src/node-sqlite.ts";
import { scratchFolder, storeAt } from "./scratch.ts";

/** A gate that tasks wait at until it is opened. */
function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test("a DAG of every kind of task runs on a file, and everything can be read back by another store", async () => {
  const path = join(scratchFolder(), "millrace.db");
  const everything = dag("everything", {}, (d) => {
    const rows = d.task("rows", () => [1, 2, 3]);
    const doubled = d.map("doubled", { over: rows }, ({ element }) => element * 2);
    const flaky = d.task(
      "flaky",
      { input: doubled, retries: { max: 1, delay: "1ms", backoff: "fixed" } },
      (context) => {
        if (context.attempt === 1) throw new Error("once");
        context.log.info("again");
        return new Map([["sum", context.input.reduce((a, b) => a + b, 0)]]);
      },
    );
    d.branch("pick", { input: flaky, choices: ["taken", "left"] }, () => "taken");
    const taken = d.task("taken", ({ xcom }) => xcom.push("when", new Date(0)));
    const left = d.empty("left");
    d.task("joined", { triggerRule: "none_failed" }, async ({ xcom }) => {
      await xcom.pushStream("bytes", Readable.from([Buffer.alloc(600_000, 7)]));
    }).after(taken, left, flaky);
  });
  const engine = await createEngine({ dags: [everything], store: storeAt(path) });
  const result = await engine.run(everything, { runId: "one" });
  expect(result.summary).toBe("success");
  await engine.close();

  const reader = storeAt(path);
  await reader.open("reader");
  const run = await reader.runs.find("everything", "one");
  const tasks = await reader.tasks.ofRun(run?.runNo ?? 0);
  expect(tasks.map(({ taskId, mapIndex, state, attempt }) => [taskId, mapIndex, state, attempt])).toEqual([
    ["rows", -1, "success", 1],
    ["doubled", 0, "success", 1],
    ["doubled", 1, "success", 1],
    ["doubled", 2, "success", 1],
    ["flaky", -1, "success", 2],
    ["pick", -1, "success", 1],
    ["taken", -1, "success", 1],
    ["left", -1, "skipped", 0],
    ["joined", -1, "success", 1],
  ]);
  const again = await createEngine({ dags: [everything], store: storeAt(path) });
  expect(await again.xcom("everything", "one", "flaky")).toEqual(new Map([["sum", 12]]));
  expect(await again.xcom("everything", "one", "taken", { key: "when" })).toEqual(new Date(0));
  await again.close();
  expect((await check({ path })).problems).toEqual([]);
});

test("a disk that fills up while a run goes on costs nothing: the run goes on when there is room", async () => {
  const path = join(scratchFolder(), "millrace.db");
  let db: DatabaseSync | undefined;
  const onConnect = (connection: DatabaseSync): void => {
    db = connection;
  };
  const full = gate();
  let calls = 0;
  const growing = dag("growing", {}, (d) => {
    const first = d.task("first", async () => {
      calls++;
      const pages = Number(db?.prepare("PRAGMA page_count").get()?.page_count);
      db?.exec(`PRAGMA max_page_count = ${pages + 2}`);
      full.open();
      return "x".repeat(300_000);
    });
    d.task("second", { input: first }, ({ input }) => input.length);
  });
  const engine = await createEngine({ dags: [growing], store: storeAt(path, { onConnect }), storePatience: "60s" });
  const ended = engine.run(growing, { runId: "one" });
  await full.opened;
  // The group that holds the result is refused now; the disk gets room, and the engine's next try finds it.
  setImmediate(() => setImmediate(() => db?.exec("PRAGMA max_page_count = 100000")));
  const result = await ended;
  expect([result.summary, await result.xcom("second"), calls]).toEqual(["success", 300_000, 1]);
  await engine.close();
  expect((await check({ path })).problems).toEqual([]);
});

test("a disk that stays full ends the engine with the reason; the next engine finishes the run", async () => {
  const path = join(scratchFolder(), "millrace.db");
  let db: DatabaseSync | undefined;
  const onConnect = (connection: DatabaseSync): void => {
    db = connection;
  };
  const calls: string[] = [];
  const growing = dag("growing", {}, (d) => {
    const before = d.task("before", () => calls.push("before"));
    const large = d.task("large", { input: before }, () => {
      calls.push("large");
      if (calls.length > 2) return "small";
      const pages = Number(db?.prepare("PRAGMA page_count").get()?.page_count);
      db?.exec(`PRAGMA max_page_count = ${pages + 2}`);
      return "x".repeat(300_000);
    });
    d.task("after", { input: large }, ({ input }) => input.length);
  });
  const first = await createEngine({ dags: [growing], store: storeAt(path, { onConnect }), storePatience: "1ms" });
  await expect(first.run(growing, { runId: "one" })).rejects.toMatchObject({
    code: "ENGINE_STOPPED",
    cause: expect.objectContaining({ code: "STORE_FULL" }),
  });
  await first.close();

  const second = await createEngine({ dags: [growing], store: storeAt(path) });
  const ended = gate();
  second.observe(({ kind }) => kind.startsWith("run.") && kind !== "run.running" && ended.open());
  await second.start();
  await ended.opened;
  expect(calls).toEqual(["before", "large", "large"]);
  expect((await second.runs({}))[0].state).toBe("success");
  expect(await second.xcom("growing", "one", "after")).toBe(5);
  await second.close();
  expect((await check({ path })).problems).toEqual([]);
});
