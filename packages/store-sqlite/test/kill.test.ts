import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { check } from "../src/index.ts";
import { killRound } from "./kill-rounds.ts";
import { scratchFolder, storeAt } from "./scratch.ts";

test("a process that is killed loses nothing that it was told is stored, and damages nothing", {
  timeout: 60_000,
}, async () => {
  const path = join(scratchFolder(), "millrace.db");
  for (const [round, afterMs] of [5, 40, 90, 10].entries()) {
    const { acknowledged, epoch } = await killRound(path, round % 2 === 0 ? "full" : "normal", afterMs);
    expect(acknowledged).toBeGreaterThan(0);
    // One by each process, one by each look at the file.
    expect(epoch).toBe(2 * round + 1);
  }
});

test("an engine in another process locks this one out, and readers may read beside it", {
  timeout: 60_000,
}, async () => {
  const path = join(scratchFolder(), "millrace.db");
  const child = spawn(
    process.execPath,
    ["--conditions=millrace-source", join(import.meta.dirname, "write-until-killed.ts"), path],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  await expect(storeAt(path).open("engine")).rejects.toMatchObject({ code: "STORE_LOCKED" });
  const reader = storeAt(path);
  await reader.open("reader");
  expect(await reader.settings.get("progress")).toMatch(/^1 /);
  expect((await check({ path })).problems).toEqual([]);
  child.kill("SIGKILL");
  await ended;
  const successor = storeAt(path);
  expect(await successor.open("engine")).toEqual({ epoch: 2 });
});
