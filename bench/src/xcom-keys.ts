import { dag } from "@millrace/core";
import { openEngine, succeed } from "./bench-engine.ts";
import type { Figure } from "./figure.ts";
import { median } from "./measure.ts";
import type { XComSizes } from "./sizes.ts";

const few = 10;
const reads = 300;

/** What one key of a run costs, by how many XComs the run has; in turns, on the same engine. */
export async function measureXComKeys(path: string, { manyKeys }: XComSizes): Promise<Figure> {
  const took = { few: [] as number[], many: [] as number[] };
  const flow = dag("keys", {}, (d) => {
    const push =
      (count: number) =>
      async ({ xcom }: { xcom: { push(key: string, value: unknown): Promise<void> } }) => {
        for (let n = 0; n < count; n++) await xcom.push(`key_${n}`, { n, text: "a value like any other" });
      };
    const small = d.task("small", push(few));
    const large = d.task("large", push(manyKeys));
    const read = d.task("read", async ({ xcom }) => {
      for (let n = 0; n < reads; n++)
        for (const [task, count, times] of [
          ["small", few, took.few],
          ["large", manyKeys, took.many],
        ] as const) {
          const began = performance.now();
          await xcom.pull({ task, key: `key_${(n * 7_919) % count}` });
          times.push(performance.now() - began);
        }
    });
    d.chain([small, large], read);
  });
  const engine = await openEngine(path, [flow]);
  await succeed(engine, flow);
  await engine.close();
  const [fewUs, manyUs] = [median(took.few) * 1_000, median(took.many) * 1_000];
  return {
    id: "xcomKeys",
    name: `one key of ${manyKeys.toLocaleString("en-US")} XComs of a task, as against one of ${few}`,
    value: manyUs / fewUs,
    unit: "×",
    target: { atMost: 1.5 },
    note: `${manyUs.toFixed(1)} µs as against ${fewUs.toFixed(1)} µs, read by a task on SQLite`,
    more: { fewUs, manyUs },
  };
}
