import type { Randomness } from "@millrace/core/plugin";
import { examine } from "./examine.ts";
import { type Kill, type KillPoint, killPoints } from "./kill-points.ts";
import { type LifeOptions, live } from "./lives.ts";

/** How often a point comes at least in the life of a process. */
const occurrences: Readonly<Record<KillPoint, number>> = {
  "run insert": 6,
  "mark running": 12,
  "result commit": 12,
  "retry commit": 1,
  "wait commit": 1,
  expansion: 1,
  "slot passed on": 8,
  "blob write": 4,
  "bundle write": 2,
  "request answer": 3,
  clear: 1,
  "hand-back": 1,
  "return of the lost": 1,
  "run end": 6,
  "schedule advance": 3,
};

/** Numbers from 0 (included) to 1 (excluded), the same for the same seed. */
export type Chance = () => number;

/** Every point, before and after, in an order and at occurrences that the seed draws. */
export function drawKills(chance: Chance): readonly Kill[] {
  const kills = killPoints
    .filter((point) => point !== "return of the lost")
    .flatMap((point) =>
      (["before", "after"] as const).map((side): Kill => {
        const occurrence = 1 + Math.floor(chance() * occurrences[point]);
        return { point, side, occurrence };
      }),
    )
    .map((kill) => ({ kill, place: chance() }))
    .sort((a, b) => a.place - b.place)
    .map(({ kill }) => kill);
  // What a process leaves that dies after it has begun attempts is what the next one has to give back.
  const loss = kills.filter(({ point, side }) => point === "mark running" && side === "after");
  const others = kills.filter((kill) => !loss.includes(kill));
  const returns = (["before", "after"] as const).map(
    (side): Kill => ({ point: "return of the lost", side, occurrence: 1 }),
  );
  return [...others, ...loss, ...returns];
}

/** Lives one after the other on one folder, the last one to its end. Gives everything that was wrong. */
export async function liveThrough(folder: string, plans: readonly Omit<LifeOptions, "folder" | "life">[]) {
  const wrong: string[] = [];
  const leavesValues = plans.some(({ kill }) => kill?.point === "blob write" && kill.side === "after");
  for (const [life, plan] of [...plans, {}].entries()) {
    const isLast = life === plans.length;
    const closeAt = "kill" in plan && plan.kill?.point === "hand-back" ? { closeAt: "event task.running slow" } : {};
    const { signal, code, lines } = await live({ folder, life, ...plan, ...closeAt });
    const expected = isLast ? "null 0" : "SIGKILL null";
    const name = isLast ? "the last life" : JSON.stringify(plan);
    if (`${signal} ${code}` !== expected) wrong.push(`${name} ended with ${signal} ${code}, not ${expected}`);
    wrong.push(...lines.filter((line) => line.startsWith("refused")).map((line) => `${name}: ${line}`));
    wrong.push(...(await examine(folder, isLast, leavesValues)).map((what) => `after ${name}: ${what}`));
    if (wrong.length > 0) return wrong;
  }
  return wrong;
}

/** Where a test that can be repeated by its seed takes its seed from. */
export function drawSeed(randomness: Randomness): number {
  return Number(process.env["MILLRACE_SEED"] ?? Number.parseInt(randomness.hex(4), 16));
}
