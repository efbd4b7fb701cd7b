import { expect, test, vi } from "vitest";
import { listingPlace } from "../xcom/listing-place.ts";
import { bundledDags, ran } from "./bundled-dags.ts";

const tasks = `
  const a = d.task("a", () => [1, 2]);
  const b = d.task("b", { input: a }, ({ input }) => input.length);
  d.task("clears", ({ xcom }) => xcom.clear({ task: "a" }).then(({ removed }) => removed.length)).after(b);`;

for (const where of ["inline", "thread"] as const) {
  test(`what parts do for an attempt stands in its log, and what it clears goes from its place, ${where}`, async () => {
    const dags = await bundledDags(tasks);
    const { place, kept } = listingPlace(() => Date.now());
    await using done = await ran(dags[where], { xcom: { backend: [place], logOperations: true } });
    expect(done.result.state).toBe("success");
    const lines = (await done.logOf("b")).map(({ level, message }) => `${level} ${message.replace(/, \d+ → .*$/, "")}`);
    expect(lines.filter((line) => line.includes("listed"))).toEqual([
      "debug xcom read by listed: 'return_value' of 'a'",
      "debug xcom write by listed: 'return_value' of 'b'",
    ]);
    await vi.waitFor(() =>
      expect([...kept.values()].map(({ address }) => address?.taskId).sort()).toEqual(["b", "clears"]),
    );
  });
}
