import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("whatever a task in a thread fills its memory with, the process lives, does not grow from time to time, and others go on", () => {
  const program = fileURLToPath(new URL("./fill-memory.ts", import.meta.url));
  const ended = spawnSync(process.execPath, ["--conditions=millrace-source", program], { encoding: "utf8" });
  expect([ended.status, ended.signal, ended.stderr]).toEqual([0, null, ""]);
  const { ends, grownMb } = JSON.parse(ended.stdout) as { ends: Record<string, string>; grownMb: number };
  const { goes_on, ...filled } = ends;
  expect(goes_on).toBe("success");
  expect(Object.keys(filled)).toHaveLength(7);
  expect(new Set(Object.values(filled))).toEqual(new Set(["TASK_OUT_OF_MEMORY"]));
  // 16 attempts that are kept would be 2 GB; the allocator keeps some of what is free.
  expect(grownMb).toBeLessThan(600);
});
