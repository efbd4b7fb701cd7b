import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { checkHistory } from "@millrace/testing";
import { expect, test } from "vitest";
import { scratchFolder, storeAt } from "../scratch.ts";
import { type Death, deaths, harmless } from "./poison-life.ts";

/** One more than an engine gives a task that ends its process. */
const mostLives = 6;

test.for(Object.keys(deaths) as Death[])(
  "a task that ends its process by %s is given up after a few; whatever ran beside it ends well",
  { timeout: 300_000 },
  async (death) => {
    const folder = scratchFolder();
    const script = join(import.meta.dirname, "poison-life.ts");
    let lives = 0;
    for (let said = ""; !said.includes("over"); lives++) {
      expect(lives).toBeLessThan(mostLives);
      const args = ["--conditions=millrace-source", script, folder, death];
      said = spawnSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).stdout;
    }
    expect(lives).toBeGreaterThan(3);
    const store = storeAt(join(folder, "millrace.db"));
    await store.open("reader");
    // The run says by its state that somebody has to look at it.
    const [failed, ...others] = await store.runs.list({ states: ["failed"] });
    expect([failed?.dagId, others]).toEqual(["poison", []]);
    const [bad, behind] = await store.tasks.ofRun(failed?.runNo ?? 0);
    expect([bad?.state, JSON.parse(bad?.error ?? "{}").code, behind?.state]).toEqual([
      "failed",
      "TASK_POISON",
      "upstream_failed",
    ]);
    const run = await store.runs.find("neighbours", "r");
    const states = (await store.tasks.ofRun(run?.runNo ?? 0)).map(({ taskId, state }) => `${taskId} ${state}`);
    expect(states).toEqual(harmless.map((id) => `${id} success`));
    expect(await checkHistory(store)).toEqual([]);
  },
);
