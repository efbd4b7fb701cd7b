import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { project } from "./project.ts";

const dags = `import { dag, skip } from "@millrace/core";
import { z } from "zod";
export default dag("sales", { params: z.object({ region: z.string().default("eu") }) }, (d) => {
  const extract = d.task("extract", { retries: 3, pool: "nowhere" }, () => { throw new Error("the warehouse is not here"); });
  const clean = d.task("clean", { input: { rows: extract } }, async ({ input, xcom, params, log }) => {
    log.info("cleaning");
    return [input.rows.length, params.region, await xcom.pull({ task: "extract", key: "currency", default: "none" })];
  });
  d.map("each", { over: extract }, ({ element }) => element * 2);
  d.task("maybe", { input: clean, isolation: "thread" }, () => { throw skip("not today"); });
});`;

const made = project({ "dags/sales.ts": dags });

describe("millrace tasks test", () => {
  it("tries one task with what others would have left, and records nothing", async () => {
    const values = JSON.stringify({ extract: [1, 2, 3], "extract/currency": "EUR" });
    const ended = await made.millrace([
      "tasks",
      "test",
      "sales",
      "clean",
      "--xcom",
      values,
      "--params",
      `{"region":"us"}`,
      "-o",
      "json",
    ]);
    expect([ended.code, ended.json()]).toMatchObject([0, { state: "success", value: [3, "us", "EUR"] }]);
    expect(ended.err).toContain("cleaning");
    expect(existsSync(join(made.folder, ".millrace/millrace.db"))).toBe(false);
  });

  it("makes one attempt, in this process, whatever the task's retries, pool and isolation are", async () => {
    const failed = await made.millrace(["tasks", "test", "sales", "extract"]);
    expect([failed.code, failed.out]).toEqual([
      1,
      expect.stringMatching(/✗ failed {2}extract[\s\S]*the warehouse is not here/),
    ]);
    const skipped = await made.millrace(["tasks", "test", "sales", "maybe", "-o", "json"]);
    expect([skipped.code, skipped.json()]).toMatchObject([0, { state: "skipped", error: { message: "not today" } }]);
    expect(skipped.err).toContain("Nothing is given for 'clean'");
  });

  it("tries every element of a mapped task", async () => {
    const ended = await made.millrace(["tasks", "test", "sales", "each", "--xcom", `{"extract":[1,2]}`, "-o", "json"]);
    expect(ended.json()).toMatchObject({ state: "success", value: [2, 4] });
  });

  it("knows the tasks that there are", async () => {
    const gone = await made.millrace(["tasks", "test", "sales", "gone", "-o", "json"]);
    expect([gone.code, gone.json()]).toMatchObject([3, { error: { code: "TASK_NOT_FOUND" } }]);
    const value = await made.millrace(["tasks", "test", "sales", "clean", "--xcom", `{"gone":1}`, "-o", "json"]);
    expect(value.json()).toMatchObject({ error: { code: "TASK_NOT_FOUND" } });
  });
});
