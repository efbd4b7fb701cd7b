import { expect, it } from "vitest";
import { keepingConfig } from "./kept-files.ts";
import { helloDag, project } from "./project.ts";

const secretDag = `import { dag } from "@millrace/core";
export default dag("secretive", {}, (d) => void d.task("tell", { retries: 0 }, () => "hunter2"));
`;

it("millrace xcom stats shows what is stored and what was done, by DAG and part, also when no engine works", async () => {
  const made = project({
    "dags/hello.ts": helloDag,
    "dags/secretive.ts": secretDag,
    "millrace.config.ts": keepingConfig,
  });
  expect((await made.here(["xcom", "stats"])).code).toBe(3);
  await made.millrace(["run", "hello", "--quiet"]);
  await made.millrace(["run", "hello", "--quiet"]);
  await made.millrace(["run", "secretive", "--quiet"], { env: { BREAK: "put" } });
  const { stored, done } = (await made.here(["xcom", "stats", "-o", "json"])).json<{
    stored: Record<string, unknown>[];
    done: { dag: string; part: string; operation: string; done: number; failed: number; errors: object }[];
  }>();
  // "Ada", "Hello Ada" and "HELLO ADA", twice.
  expect(stored).toMatchObject([{ dag: "hello", part: "kept", values: 6, originalBytes: 54 }]);
  const counted = done.map(({ dag, part, operation, done: times, failed }) => [dag, part, operation, times, failed]);
  expect(counted.sort()).toEqual([
    ["hello", "json", "read", 4, 0],
    ["hello", "json", "write", 6, 0],
    ["hello", "kept", "read", 4, 0],
    ["hello", "kept", "write", 6, 0],
    ["secretive", "json", "write", 1, 0],
    ["secretive", "kept", "write", 0, 1],
  ]);
  const shown = await made.here(["xcom", "stats"]);
  expect(shown.out).toMatch(/What is stored now\ndag[^\n]*\nhello +kept +6 +54 B/);
  expect(shown.out).toMatch(/secretive +kept +write +0 +1 .*XCOM_PART_FAILED 1/);
  expect(shown.out).not.toContain("hunter2");
  const one = await made.here(["xcom", "stats", "--dag", "secretive"]);
  expect([one.out.includes("hello"), one.err]).toEqual([false, expect.stringContaining("No value is stored.")]);
  expect((await made.here(["xcom", "stats", "--dag", "../x"])).code).toBe(2);
});
