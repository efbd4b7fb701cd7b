import { expect, test } from "vitest";
import { bundledDags, ran } from "./bundled-dags.ts";

const tasks = `
  const a = d.task("a", async ({ xcom }) => { await xcom.push("extra", "xyz"); return [1, 2]; });
  const b = d.map("b", { over: a }, ({ element }) => element);
  d.task("reads", { input: { a, b } }, async ({ xcom }) => {
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
    await using done = await ran(dags[where]);
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
