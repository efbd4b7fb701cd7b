import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "@millrace/core/plugin";
import { sqlite } from "@millrace/store-sqlite";
import { expect, onTestFinished, test } from "vitest";
import { miscounted, wishes } from "./opened.ts";

/** One life of the engine. Resolves with what it said, or with nothing when it was killed. */
function life(folder: string, killAt: number, when: "before" | "after"): Promise<string> {
  const file = join(import.meta.dirname, "story-life.ts");
  const args = ["--conditions=millrace-source", "--no-warnings", file, folder, String(killAt), when];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && (error.signal !== "SIGKILL" || error.killed)) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(stdout);
    });
  });
}

/** What is wrong with the story's end. */
async function wrongs(store: Store): Promise<readonly string[]> {
  const wrong = [...(await miscounted(store))];
  const runs = await store.runs.list({ limit: 10_000 });
  const dates = runs.map(({ logicalDate }) => logicalDate);
  if (new Set(dates).size !== dates.length) wrong.push("a date has two runs");
  for (const { runId, type, state } of runs)
    if (type !== "backfill" || state === "queued" || state === "running")
      wrong.push(`${runId} is ${type} and ${state}`);
  const rows = (await store.backfills.list({})).filter(({ note }) => !note?.includes("cut off"));
  const [second, first, ...others] = rows;
  if (!second || !first || others.length > 0) return [...wrong, `there are ${rows.length} backfills`];
  if (first.state !== "completed" || first.total !== 12 || first.skipped !== 1 || first.nextItem !== 12)
    wrong.push(`the first one is ${JSON.stringify(first)}`);
  if (second.state !== "cancelled" || second.total !== 17) wrong.push(`the second one is ${JSON.stringify(second)}`);
  for (const { backfillNo } of rows) {
    const items = await store.backfills.items({ backfillNo });
    const withRun = items.filter(({ runNo }) => runNo !== null);
    if (new Set(withRun.map(({ runNo }) => runNo)).size !== withRun.length) wrong.push("a run stands for two dates");
    for (const { runNo, logicalDate } of withRun)
      if (runs.find((run) => run.runNo === runNo)?.logicalDate !== logicalDate)
        wrong.push(`run ${runNo} is of another date`);
  }
  if ((await wishes(store)).length > 0) wrong.push("a wish was left");
  return wrong;
}

async function story(kills: readonly (readonly [number, "before" | "after"])[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-backfill-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [killAt, when] of kills) if ((await life(folder, killAt, when)) !== "") break;
  await life(folder, 0, "after");
  const store = sqlite({ path: join(folder, "millrace.db") });
  await store.open("reader");
  const wrong = await wrongs(store);
  await store.close();
  return wrong;
}

test("after the death of the process each date has one run, the counters are right, and the rest goes on", async () => {
  expect(
    await story([
      [6, "after"],
      [12, "before"],
      [40, "after"],
    ]),
  ).toEqual([]);
});

/** Lives are killed at every commit there is, before and after it. Takes minutes. */
test.runIf(process.env.MILLRACE_SOAK)("whatever commit the process dies at", { timeout: 3_600_000 }, async () => {
  for (let killAt = 2; killAt <= 80; killAt++)
    for (const when of ["before", "after"] as const)
      expect([
        killAt,
        when,
        await story([
          [killAt, when],
          [killAt, when],
          [killAt, when],
        ]),
      ]).toEqual([killAt, when, []]);
});
