import { spawn } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runBeside } from "./child-process.ts";
import type { Figure } from "./figure.ts";
import { median } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

const tasksPerRun = 100;

/** From the opening of a file that a killed engine left to all of its runs going on and all lost attempts made again. */
export async function measureRecovery(folder: string, { recovered, starts }: Sizes): Promise<Figure> {
  const runs = Math.max(1, Math.round(recovered / tasksPerRun));
  const tasks = Math.min(tasksPerRun, recovered);
  const made = join(folder, "made");
  mkdirSync(made);
  await makeAndKill([made, String(runs), String(tasks)]);
  const took: number[] = [];
  for (let round = 0; round < Math.min(starts, 7); round++) {
    const left = join(folder, `left-${round}`);
    cpSync(made, left, { recursive: true });
    const args = ["recover", left, String(runs), String(tasks)];
    took.push((await runBeside<{ readonly liveMs: number }>("./recovery-child.ts", ...args)).liveMs);
  }
  return {
    id: "recovery",
    name: `recovery of ${(runs * tasks).toLocaleString("en-US")} instances in ${runs} runs`,
    value: median(took),
    unit: "ms",
    target: { atMost: 2_000 },
    note: "a third lost in the middle of an attempt, a third waiting for a retry, a third not begun",
  };
}

/** Fills a file and is killed in the middle of its work. */
function makeAndKill(args: readonly string[]): Promise<void> {
  const script = fileURLToPath(new URL("./recovery-child.ts", import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, script, "make", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.once("data", () => child.kill("SIGKILL"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) =>
      signal === "SIGKILL" ? resolve() : reject(new Error(`the process that makes the file ended with ${code}`)),
    );
  });
}
