// Kills a writing process again and again and looks at what it left: `node test/kill-rounds.ts [rounds]` for the soak.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackfillRow, Store } from "@millrace/core/plugin";
import { check, sqlite } from "../src/index.ts";

export interface KillRound {
  readonly acknowledged: number;
  readonly epoch: number;
}

/** Lets a process write until it has said something, kills it in the middle of its work, and checks the file. */
export async function killRound(path: string, durability: "normal" | "full", afterMs: number): Promise<KillRound> {
  const script = join(import.meta.dirname, "write-until-killed.ts");
  const child = spawn(process.execPath, ["--conditions=millrace-source", script, path, durability], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (said === "") setTimeout(() => child.kill("SIGKILL"), afterMs);
    said += text;
  });
  await ended;
  const lines = said.split("\n").slice(0, -1);
  const [epoch, count, taskNo] = (lines.at(-1) ?? "").split(" ").map(Number);
  if (epoch === undefined || count === undefined || taskNo === undefined) throw new Error("the process said nothing");

  const store = sqlite({ path });
  // The kernel has freed the dead engine's claim.
  const opening = await store.open("engine");
  if (opening.epoch !== epoch + 1) throw new Error(`epoch ${opening.epoch} after ${epoch}`);
  const progress = ((await store.settings.get("progress")) ?? "").split(" ").map(Number);
  const isBehind =
    progress[0] !== epoch || (progress[1] ?? 0) < count || (progress[1] === count && (progress[2] ?? 0) < taskNo);
  if (isBehind) throw new Error(`said ${epoch} ${count} ${taskNo}, but stored is ${progress.join(" ")}`);
  const runNos = new Set<number>();
  for (const line of lines) {
    const [, , taskNo = 0, taskInstanceNo = 0, runNo = 0] = line.split(" ").map(Number);
    const task = await store.tasks.get(taskInstanceNo);
    const xcom = await store.xcoms.get({ taskInstanceNo, key: "return_value" });
    const [crashes, uncounted] = taskNo % 3 === 0 ? [0, 2] : [1, 1];
    const isCounted = task?.crashes === crashes && task.uncounted === uncounted;
    const isAsSaid = task?.state === "success" && task.mapIndex === -1 && isCounted;
    if (!isAsSaid || xcom?.stored !== line.split(" ")[1]) throw new Error(`task instance ${taskInstanceNo} was lost`);
    runNos.add(runNo);
  }
  for (const runNo of runNos) await lookAtRun(store, runNo);
  for (const row of await store.backfills.list({ limit: 10_000 })) await lookAtBackfill(store, row);
  await store.close();
  const { problems } = await check({ path });
  if (problems.length > 0) throw new AggregateError(problems, "the file is damaged");
  return { acknowledged: lines.length, epoch };
}

/** What was stored with the ends of attempts is there for just those that have ended. */
async function lookAtRun(store: Store, runNo: number): Promise<void> {
  const tasks = await store.tasks.ofRun(runNo);
  const ended = tasks.filter(({ state }) => state === "success").map(({ taskInstanceNo }) => taskInstanceNo);
  const reads = (await store.xcoms.readsOfRun(runNo)).map(({ taskInstanceNo }) => taskInstanceNo);
  const costs = (await store.tasks.performanceOfRun(runNo)).map(({ taskInstanceNo }) => taskInstanceNo);
  // One that was cleared has two costs.
  for (const found of [reads, [...new Set(costs)]])
    if (found.join() !== ended.join()) throw new Error(`of run ${runNo} ${ended.join()} ended, but stored is ${found}`);
  const events = await store.events.list({ runNo, limit: 10_000 });
  const all = (await store.events.list({ after: (events[0]?.seq ?? 0) - 1, limit: 10_000 })).filter(
    (event) => event.runNo === runNo,
  );
  if (events.length !== all.length) throw new Error(`events of run ${runNo} are missing from its own`);
}

/** Its counters are those of its items and their runs, and of a run that was removed nothing is left. */
async function lookAtBackfill(store: Store, row: BackfillRow): Promise<void> {
  const items = await store.backfills.items({ backfillNo: row.backfillNo });
  const found = { started: 0, active: 0, success: 0, failed: 0, skipped: 0 };
  for (const { action, runNo, runState } of items) {
    if (action === "skip") found.skipped++;
    if (runNo === null) continue;
    found.started++;
    if (runState === "queued") found.active++;
    else if (runState === "success") found.success++;
    // Only runs that have failed are removed.
    else found.failed++;
    const left =
      runState === null ? [...(await store.events.list({ runNo })), ...(await store.tasks.ofRun(runNo))] : [];
    if (left.length > 0) throw new Error(`run ${runNo} was removed, and something of it is left`);
  }
  const { started, active, success, failed, skipped } = row;
  const counted = JSON.stringify({ started, active, success, failed, skipped });
  if (row.total !== items.length || counted !== JSON.stringify(found))
    throw new Error(`backfill ${row.backfillId} counts ${counted}, but has ${JSON.stringify(found)}`);
}

if (import.meta.main) {
  const rounds = Number(process.argv[2] ?? 100);
  const folder = mkdtempSync(join(tmpdir(), "millrace-kill-"));
  let acknowledged = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const durability = round % 2 === 0 ? "full" : "normal";
      acknowledged += (await killRound(join(folder, "millrace.db"), durability, Math.random() * 250)).acknowledged;
    }
    console.log(`${rounds} kills, ${acknowledged} groups acknowledged, none lost, no damage`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
