import { expect, test } from "vitest";
import type { TaskLine } from "../../src/engine.ts";
import { dag } from "../../src/index.ts";
import { openEngine } from "../test-engine.ts";

const talk = dag("talk", {}, (d) => {
  d.task("t", { onSuccess: () => Promise.reject(new Error("no")) }, ({ log }) => {
    console.log("printed");
    log.warn("logged", { rows: 3 });
  });
});

test("whoever asked is told every line as it comes, with the task that it is of; their faults harm nobody", async () => {
  for (const isBroken of [false, true]) {
    const lines: TaskLine[] = [];
    const onTaskLine = (line: TaskLine): void => {
      lines.push(line);
      if (isBroken) throw new Error("a broken terminal");
    };
    await using opened = await openEngine({ dags: [talk], onTaskLine });
    expect((await opened.run(talk, { runId: "r" })).state).toBe("success");
    await opened.clock.settle();
    const of = { dagId: "talk", runId: "r", taskId: "t", mapIndex: -1, attempt: 1 };
    expect(lines).toMatchObject([
      { ...of, level: "info", message: "printed", fields: null },
      { ...of, level: "warn", message: "logged", fields: '{"rows":3}' },
      { ...of, level: "error", message: "the callback for 'success' failed: no" },
    ]);
  }
});
