import { expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import { processMeter } from "../../src/time/meter.ts";
import { ran } from "../threads/bundled-dags.ts";

test("a task that holds up the engine for more than a second is told so in its log, with its name and the time", async () => {
  let leapUs = 0;
  const meter = { ...processMeter, nowUs: () => leapUs };
  const blocks = dag("blocks", {}, (d) => {
    const blocked = d.task("blocked", async () => {
      leapUs += 1_500_000;
    });
    d.chain(
      blocked,
      d.task("good", () => 1),
    );
  });
  await using done = await ran(blocks, { meter });
  const [line, ...others] = await done.logOf("blocked");
  expect(others).toEqual([]);
  expect(line).toMatchObject({
    level: "warn",
    message: expect.stringMatching(/'blocked' held up the engine for 1\.50 s/),
  });
  expect(await done.logOf("good")).toEqual([]);
});
