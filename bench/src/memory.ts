import { join } from "node:path";
import { runBeside } from "./child-process.ts";
import type { Figure } from "./figure.ts";
import type { Sizes } from "./sizes.ts";

/** What a process holds that has finished many task instances and has others running. */
export async function measureMemory(folder: string, sizes: Sizes): Promise<Figure> {
  const { finishedInMemory, activeInMemory } = sizes;
  const { bareMb, residentMb, peakMb } = await runBeside<Record<"bareMb" | "residentMb" | "peakMb", number>>(
    "./memory-child.mjs",
    join(folder, "memory.db"),
    String(finishedInMemory),
    String(activeInMemory),
  );
  return {
    id: "memory",
    name: `resident memory: ${finishedInMemory.toLocaleString("en-US")} tasks finished, ${activeInMemory.toLocaleString("en-US")} running`,
    value: residentMb,
    unit: "MB",
    target: { atMost: 150 },
    note: `${Math.round(bareMb)} MB of it before the first run; the most it ever had was ${Math.round(peakMb)} MB; no garbage collection was forced`,
    more: { bareMb, peakMb },
  };
}
