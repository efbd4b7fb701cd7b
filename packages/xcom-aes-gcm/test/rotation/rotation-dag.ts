import { dag } from "@millrace/core";

/** How many values the run `fill` leaves. */
export interface Amount {
  readonly elements: number;
  readonly keys: number;
}

/** Known without looking; some are too long for their row. */
export function secretOf(element: number, key: number): unknown {
  const secret = `secret of ${element}-${key}`;
  return { secret, more: key % 25 === 0 ? secret.repeat(100) : null };
}

/**
 * The run `fill` leaves the values. Every other run has a number in its conf, reads some of them from there, and leaves some
 * of its own.
 */
export function rotationDag({ elements, keys }: Amount) {
  return dag("values", { maxActiveRuns: 4 }, (d) => {
    const indices = d.task("indices", ({ conf }) =>
      conf["number"] === undefined ? Array.from({ length: elements }, (_, index) => index) : [elements],
    );
    const make = d.map("make", { over: indices }, async ({ element, conf, xcom }) => {
      const count = conf["number"] === undefined ? keys : 3;
      await xcom.pushAll(
        "v",
        Object.fromEntries(Array.from({ length: count }, (_, key) => [String(key), secretOf(element, key)])),
      );
    });
    const read = d.task("read", async ({ conf, xcom }) => {
      if (conf["number"] === undefined) return;
      for (let n = 0; n < 20; n++) {
        const at = (Number(conf["number"]) * 20 + n) * 7_919;
        const [element, key] = [at % elements, at % keys];
        const found = await xcom.pull({ task: "make", run: "fill", mapIndex: element, key: `v_${key}` });
        if (JSON.stringify(found) !== JSON.stringify(secretOf(element, key)))
          throw new Error(`${element}-${key} is wrong`);
      }
    });
    read.after(make);
  });
}
