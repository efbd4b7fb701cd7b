// Kills a writing process again and again and looks at what it left: `node test/kill-rounds.ts [rounds]` for the soak.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  for (const line of lines) {
    const taskInstanceNo = Number(line.split(" ")[3]);
    const task = await store.tasks.get(taskInstanceNo);
    const xcom = await store.xcoms.get({ taskInstanceNo, key: "return_value" });
    if (task?.state !== "success" || xcom?.stored !== line.split(" ")[1])
      throw new Error(`task instance ${taskInstanceNo} was lost`);
  }
  await store.close();
  const { problems } = await check({ path });
  if (problems.length > 0) throw new AggregateError(problems, "the file is damaged");
  return { acknowledged: lines.length, epoch };
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
