import { expect, test } from "vitest";
import { type Executor, localExecutor } from "../../src/runtime/executor.ts";
import { bundledDags, ran } from "./bundled-dags.ts";

const tasks = `
  const a = d.task("a", async ({ xcom }) => { await xcom.push("extra", "xyz"); return [1, 2]; });
  const b = d.map("b", { over: a }, ({ element }) => element);
  d.task("reads", { input: { a, b } }, async ({ xcom, log }) => {
    log.info("now");
    await xcom.push("own", 1);
    await xcom.pull({ key: "own" });
    await xcom.pull({ task: "a", key: "extra" });
    await xcom.pull({ task: "a", key: "extra" });
    await xcom.pull({ task: "a", key: "nothing" });
  });
  d.task("reads_and_fails", { input: a }, async () => { throw new Error("no"); });
  d.task("burns", () => { const end = performance.now() + 30; while (performance.now() < end); });
  d.task("fills", async () => {
    const bytes = Buffer.alloc(64_000_000, 1);
    for (let turn = 0; turn < 15; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
    return bytes.length;
  });`;

for (const where of ["inline", "thread"] as const) {
  test(`what an attempt has read and what it took is recorded with its end, ${where}`, async () => {
    const dags = await bundledDags(tasks);
    const told = new Map<string, number | undefined>();
    const before = Date.now();
    await using done = await ran(dags[where], { executor: listening(localExecutor({ concurrency: 4 }), told) });
    const [run] = await done.engine.runs({ dagId: where });
    const reads = await done.store.xcoms.readsOfRun(run?.runNo ?? 0);
    const seen = reads.map(
      (read) => `${read.taskId} ${read.sourceTaskId}/${read.sourceMapIndex} ${read.key} ${read.sizeBytes}`,
    );
    expect(seen.sort()).toEqual([
      "reads a/-1 extra 5",
      "reads a/-1 return_value 5",
      "reads b/0 return_value 1",
      "reads b/1 return_value 1",
      "reads_and_fails a/-1 return_value 5",
    ]);
    // What it has pushed itself is no read.
    expect(told.get("reads")).toBe(4);
    const [line] = await done.logOf("reads");
    expect(line?.at).toBeGreaterThanOrEqual(before);
    expect(line?.at).toBeLessThanOrEqual(Date.now());
    const performance = new Map(
      (await done.store.tasks.performanceOfRun(run?.runNo ?? 0)).map((row) => [row.taskId, row] as const),
    );
    const burns = performance.get("burns");
    const scope = where === "thread" ? "thread" : "process";
    expect(burns).toMatchObject({ scope, attempt: 1 });
    expect(burns?.durationUs).toBeGreaterThanOrEqual(29_900);
    expect(burns?.loopDelayUs).toBeGreaterThanOrEqual(29_900);
    expect(burns?.cpuUs).toBeGreaterThan(1_000);
    const fills = performance.get("fills");
    expect(fills?.memoryPeakBytes).toBeGreaterThan(64_000_000);
    expect(fills?.memoryPeakBytes).toBeGreaterThanOrEqual(
      Math.max(fills?.memoryBeforeBytes ?? 0, fills?.memoryAfterBytes ?? 0),
    );
    if (where === "thread") expect(fills?.memoryBeforeBytes).toBeLessThan(64_000_000);
  });
}

/** Notes how many reads the outcome of each task tells of. */
function listening(executor: Executor, told: Map<string, number | undefined>): Executor {
  const ids = new Map<number, string>();
  return {
    ...executor,
    start: (host) =>
      executor.start({
        perform: (job) => host.perform(job),
        finished(token, outcome) {
          told.set(ids.get(token) ?? "", outcome.reads?.length);
          host.finished(token, outcome);
        },
      }),
    submit(job) {
      ids.set(job.token, job.task.id);
      executor.submit(job);
    },
  };
}
