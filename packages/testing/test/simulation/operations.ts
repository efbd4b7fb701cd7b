import { isMillraceError } from "@millrace/core";
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
  { name: "advance", weight: 5, run: advance },
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

async function advance(world: World): Promise<string> {
  const ms = world.pick([0, 1, 1_000, minute, 10 * minute, 60 * minute]);
  await world.clock.advance(ms);
  return `advance ${ms} ms`;
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
