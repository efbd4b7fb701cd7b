import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Store, xcomBackend } from "@millrace/core/plugin";
import { checkHistory } from "@millrace/testing";
import { check, sqlite } from "../../src/index.ts";
import { collectLeft, valuesIn } from "./left-behind.ts";
import { endOf, recoveryDags, tickMs } from "./recovery-dags.ts";

/**
 * What is wrong with what processes left in a folder; nothing, if all is well.
 *
 * @param isOver - all runs have ended: also what is left of values that nobody recorded is collected
 * @param leavesValues - a process died between writing a value and recording it
 */
export async function examine(folder: string, isOver: boolean, leavesValues = false): Promise<readonly string[]> {
  const path = join(folder, "millrace.db");
  const damage = (await check({ path })).problems.map(({ message }) => message);
  const store = sqlite({ path });
  await store.open("reader");
  try {
    const history = await checkHistory(store, { dags: recoveryDags(() => undefined), isOver });
    const left = isOver ? await collectLeft(store, folder) : { removed: 0, wrong: [] };
    if (leavesValues && isOver && left.removed === 0) left.wrong.push("no value was left behind, so nothing was tried");
    return [
      ...damage,
      ...left.wrong,
      ...history.map(({ rule, what }) => `${rule}: ${what}`),
      ...(await wrongEnds(store)),
      ...(await wrongSchedule(store, folder)),
      ...(await wrongEffects(store, folder)),
      ...(await unreadable(store, folder)),
    ];
  } finally {
    await store.close();
  }
}

async function wrongEnds(store: Store): Promise<string[]> {
  const wrong: string[] = [];
  for (const { dagId, runId, state } of await store.runs.list({
    limit: 10_000,
    states: ["success", "failed", "cancelled"],
  }))
    if (state !== endOf[dagId]) wrong.push(`run '${runId}' of '${dagId}' ended as ${state}`);
  return wrong;
}

/** Runs of the schedule follow one another without a gap, and the DAG stands at the newest of them. */
async function wrongSchedule(store: Store, folder: string): Promise<string[]> {
  const begin = Number(readFileSync(join(folder, "start"), "utf8"));
  const runs = await store.runs.list({ dagId: "ticking", type: "scheduled", limit: 10_000 });
  const places = runs.map(({ logicalDate }) => (logicalDate - begin) / tickMs).sort((a, b) => a - b);
  const wrong = places.filter((place, number) => place !== number).map((place) => `tick ${place} is out of place`);
  const position = (await store.dags.get("ticking"))?.scheduledStart ?? null;
  const newest = places.length === 0 ? null : begin + (places.length - 1) * tickMs;
  return position === newest
    ? wrong.slice(0, 5)
    : [...wrong.slice(0, 5), `the schedule stands at ${position}, not at ${newest}`];
}

/** Tasks that decide or ask, and have no effect of their own. */
const silent = new Set(["ask", "pick", "failing"]);

/**
 * Every recorded success had its effect; nothing had an effect without a recorded start, nor twice in one attempt; and
 * no attempt had one that began after the success of another, unless the task was cleared.
 */
async function wrongEffects(store: Store, folder: string): Promise<string[]> {
  const file = join(folder, "effects");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const line of lines) {
    if (seen.has(line)) wrong.push(`an attempt did its work twice: ${line}`);
    seen.add(line);
  }
  const begun = new Set<string>();
  for (const run of await store.runs.list({ limit: 10_000 })) {
    const names = new Map<number, readonly [taskId: string, mapIndex: number]>();
    for (const { taskInstanceNo, taskId, mapIndex } of await store.tasks.ofRun(run.runNo))
      names.set(taskInstanceNo, [taskId, mapIndex]);
    for (const { kind, taskInstanceNo, attempt } of await store.events.list({ runNo: run.runNo, limit: 10_000 })) {
      const [taskId, mapIndex] = names.get(taskInstanceNo ?? 0) ?? [];
      if (taskId === undefined || attempt === null || silent.has(taskId)) continue;
      const line = JSON.stringify({ dagId: run.dagId, runId: run.runId, taskId, mapIndex, attempt });
      if (kind === "task.running") begun.add(line);
      if (kind === "task.success" && !seen.has(line)) wrong.push(`recorded as done, but never seen: ${line}`);
    }
  }
  for (const line of seen) if (!begun.has(line)) wrong.push(`done, but its start is not recorded: ${line}`);
  return wrong;
}

/** Every XCom that is recorded can be read: bytes are there before their row is. */
async function unreadable(store: Store, folder: string): Promise<string[]> {
  const backend = xcomBackend([valuesIn(folder)]);
  const wrong: string[] = [];
  for (const { dagId, runId, runNo } of await store.runs.list({ limit: 10_000 })) {
    for (const { taskId, mapIndex, key, format, stored } of await store.xcoms.ofRun(runNo)) {
      if (format === "json") continue;
      const address = { dagId, runId, taskId, mapIndex, key };
      await backend.deserialize(JSON.parse(stored), address).catch((error: unknown) => {
        wrong.push(`XCom '${key}' of '${taskId}' in '${runId}' cannot be read: ${String(error)}`);
      });
    }
  }
  return wrong;
}
