import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("./print-much.ts", import.meta.url));

// A line of 50 MB is there once, in the task's own memory, before anything of ours sees it.
test.each([
  ["inline", "gigabyte", 50],
  ["thread", "gigabyte", 50],
  ["thread", "writes", 50],
  ["inline", "longLines", 50 + 60],
  ["thread", "longLines", 50 + 60],
])("%s, %s: a task that prints more than is kept makes the process hardly larger", (where, what, mostMb) => {
  const { stdout, stderr } = spawnSync(process.execPath, ["--conditions=millrace-source", program, where, what], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  const { state, grownMb } = JSON.parse(stdout) as { state: string; grownMb: number };
  expect(state).toBe("success");
  expect(grownMb).toBeLessThan(mostMb);
});
