import { isMillraceError } from "@millrace/core";
import type { TestEngine } from "../../src/engine/test-engine.ts";
import type { World } from "./world.ts";

/** Something that a seed may do to the world. */
export interface Operation {
  readonly name: string;
  /** How often it is chosen, against the others. */
  readonly weight: number;
  /** Gives what it did, for people. */
  run(world: World): Promise<string>;
}

const minute = 60_000;

/** Every operation; another one is another line. */
export const operations: readonly Operation[] = [
  { name: "trigger", weight: 5, run: trigger },
  { name: "cancel", weight: 2, run: cancel },
  { name: "clear", weight: 2, run: clear },
  { name: "retry", weight: 2, run: retry },
  { name: "mark", weight: 2, run: mark },
  { name: "pause", weight: 1, run: pause },
  { name: "advance", weight: 5, run: advance },
  { name: "set the clock", weight: 2, run: setClock },
  { name: "break the store", weight: 2, run: breakStore },
  { name: "mend the store", weight: 2, run: mendStore },
  { name: "close and open", weight: 1, run: (world) => restart(world, "closed") },
  { name: "kill and open", weight: 2, run: (world) => restart(world, "killed") },
];

async function trigger(world: World): Promise<string> {
  const { id: dagId } = world.pick(world.dags);
  const runId = world.chance(0.7) ? `r${world.below(20)}` : undefined;
  const idempotencyKey = world.chance(0.4) ? `k${world.below(4)}` : undefined;
  const request = `trigger ${dagId} ${runId ?? "-"} ${idempotencyKey ?? "-"}`;
  try {
    const answer = await world.ask((engine) => engine.trigger(dagId, { runId, idempotencyKey }));
    if (typeof answer === "string") return `${request}: ${answer}`;
    world.promised.push({ dagId, runId: answer.runId, idempotencyKey });
    return `${request}: ${answer.runId}${answer.isNew ? "" : " was there"}`;
  } catch (error) {
    if (!isMillraceError(error, "RUN_EXISTS")) throw error;
    return `${request}: the id is taken`;
  }
}

async function cancel(world: World): Promise<string> {
  const runs = await (await world.reader()).runs.active();
  if (runs.length === 0) return "cancel nothing";
  const { dagId, runId } = world.pick(runs);
  const done = await world.ask((engine) => engine.cancel(dagId, runId));
  return `cancel ${dagId} ${runId}: ${done}`;
}

async function clear(world: World): Promise<string> {
  const run = await anyRun(world);
  if (!run) return "clear nothing";
  const selection = anySelection(world, run.dagId);
  world.operated.add(`${run.dagId} ${run.runId}`);
  const result = await world.ask((engine) => engine.clear(run.dagId, run.runId, selection));
  return `clear ${run.dagId} ${run.runId} ${JSON.stringify(selection)}: ${told(result)}`;
}

async function mark(world: World): Promise<string> {
  const run = await anyRun(world);
  if (!run) return "mark nothing";
  const selection = anySelection(world, run.dagId);
  const state = world.pick(["success", "failed", "skipped"] as const);
  world.operated.add(`${run.dagId} ${run.runId}`);
  const result = await world.ask((engine) => engine.mark(run.dagId, run.runId, state, selection));
  return `mark ${run.dagId} ${run.runId} ${state} ${JSON.stringify(selection)}: ${told(result)}`;
}

async function retry(world: World): Promise<string> {
  const run = await anyRun(world);
  if (!run) return "retry nothing";
  world.operated.add(`${run.dagId} ${run.runId}`);
  try {
    return `retry ${run.dagId} ${run.runId}: ${told(await world.ask((engine) => engine.retry(run.dagId, run.runId)))}`;
  } catch (error) {
    if (!isMillraceError(error, "NOTHING_TO_RETRY")) throw error;
    return `retry ${run.dagId} ${run.runId}: there is nothing to retry`;
  }
}

async function pause(world: World): Promise<string> {
  const { id } = world.pick(world.dags);
  const isPaused = world.chance(0.5);
  const done = await world.ask((engine) => (isPaused ? engine.pause(id) : engine.unpause(id)));
  return `${isPaused ? "pause" : "unpause"} ${id}: ${done ?? "done"}`;
}

async function anyRun(world: World) {
  const runs = await (await world.reader()).runs.list({ limit: 50 });
  return runs.length === 0 ? undefined : world.pick(runs);
}

function anySelection(world: World, dagId: string) {
  const { tasks = [], groups = [] } = world.dags.find(({ id }) => id === dagId) ?? {};
  const ids = [...tasks, ...groups].map(({ id }) => id);
  return {
    tasks: world.chance(0.7) ? Array.from({ length: 1 + world.below(3) }, () => world.pick(ids)) : undefined,
    mapIndex: world.chance(0.1) ? world.below(3) : undefined,
    states: world.chance(0.2) ? [world.pick(["success", "failed", "skipped", "running"] as const)] : undefined,
    upstream: world.chance(0.2),
    downstream: world.chance(0.5),
  };
}

function told(result: Awaited<ReturnType<TestEngine["engine"]["clear"]>> | string): string {
  if (typeof result === "string") return result;
  const tasks = result.tasks.map(({ taskId, mapIndex, from, to }) => `${taskId}[${mapIndex}] ${from} → ${to}`);
  return `${result.runState}; ${tasks.join(", ")}`;
}

async function advance(world: World): Promise<string> {
  const ms = world.pick([0, 1, 1_000, minute, 10 * minute, 60 * minute]);
  await world.clock.advance(ms);
  return `advance ${ms} ms`;
}

/** As people and time servers do: no time passes by it. */
async function setClock(world: World): Promise<string> {
  const by = world.pick([-24 * 60, -60, -1, 1, 60, 24 * 60]) * minute;
  world.clock.set(by);
  return `set the clock by ${by} ms`;
}

async function breakStore(world: World): Promise<string> {
  const [refused, lost, reads] = [world.pick([0, 0.1, 0.5, 1]), world.pick([0, 0.1, 0.5]), world.pick([0, 0.2])];
  world.setFaults({
    commit: () => (world.chance(refused) ? "refused" : world.chance(lost) ? "answer lost" : "none"),
    read: () => world.chance(reads),
    slow: world.chance(0.3) ? { clock: world.clock, ms: world.below(500) } : undefined,
  });
  return `break the store: ${refused} refused, ${lost} lost, ${reads} of the reads`;
}

async function mendStore(world: World): Promise<string> {
  world.setFaults({});
  return "mend the store";
}

async function restart(world: World, how: "closed" | "killed"): Promise<string> {
  await world.end(how);
  await world.open();
  return `${how}, engine ${world.engines}`;
}
