import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { memoryStore, type XComBackendPart } from "@millrace/core/plugin";
import { aesGcm } from "@millrace/xcom-aes-gcm";
import { gzip } from "@millrace/xcom-gzip";
import { afterEach, beforeEach, expect, test } from "vitest";
import { s3 } from "../src/index.ts";
import { type WireStore, wireStore } from "./wire-store.ts";

const keys = [{ id: "k1", key: Buffer.alloc(32, 7).toString("base64") }];
const secret = "a secret in every row";
const rows = Array.from({ length: 20_000 }, (_, n) => ({ n, text: secret }));
const large = `${secret} `.repeat(300_000);
const noise = randomBytes(7_000_000);

let store: WireStore;
beforeEach(async () => {
  store = await wireStore();
});
afterEach(() => store.close());

const stacks: [string, () => XComBackendPart[]][] = [
  ["s3", () => []],
  ["gzip, s3", () => [gzip()]],
  ["AES, s3", () => [aesGcm({ keys })]],
  ["gzip, AES, s3", () => [gzip(), aesGcm({ keys })]],
];
test.each(stacks)("values, large values and streams of a run go through %s and back", async (name, stages) => {
  const place = s3(store.options);
  const passing = dag("passing", {}, (d) => {
    const makes = d.task("makes", async ({ xcom }) => {
      await xcom.push("small", 7);
      await xcom.push("large", large);
      await xcom.pushStream("stream", Readable.from([noise.subarray(0, 3_000_000), noise.subarray(3_000_000)]));
      return rows;
    });
    d.task("takes", { input: { rows: makes } }, async ({ input, xcom }) => {
      const pieces = await Array.fromAsync(await xcom.pullStream({ task: "makes", key: "stream" }));
      return {
        rows: input.rows.length,
        small: await xcom.pull({ task: "makes", key: "small" }),
        large: (await xcom.pull({ task: "makes", key: "large" })) === large,
        stream: Buffer.compare(Buffer.concat(pieces), noise),
      };
    });
  });
  await using engine = await createEngine({ dags: [passing], xcom: { backend: [...stages(), place] } });
  const result = await engine.run(passing);
  expect(result.state).toBe("success");
  expect(await result.xcom("takes")).toEqual({ rows: rows.length, small: 7, large: true, stream: 0 });
  const kept = await Promise.all((await store.keys()).map(store.read));
  expect(kept.length).toBe(3);
  if (name.includes("AES")) for (const bytes of kept) expect(Buffer.from(bytes).includes(secret)).toBe(false);
});

test("of the attempts of a task one counts; the object of the other is collected", async () => {
  const place = s3(store.options);
  const retried = dag("retried", {}, (d) => {
    d.task("makes", { retries: 1, retryDelay: "1ms" }, async ({ xcom, attempt }) => {
      await xcom.push("rows", [attempt, ...rows]);
      if (attempt === 1) throw new Error("the first attempt fails after its push");
    });
  });
  await using engine = await createEngine({ dags: [retried], store: memoryStore(), xcom: { backend: [place] } });
  const result = await engine.run(retried);
  expect(result.state).toBe("success");
  expect((await store.keys()).length).toBe(2);
  const dry = await engine.collectXComs({ olderThan: "0s", dryRun: true });
  expect(dry.find((one) => one.place === "s3")).toMatchObject({ orphans: { count: 1 }, removed: { count: 0 } });
  const collected = await engine.collectXComs({ olderThan: "0s" });
  expect(collected.find((one) => one.place === "s3")).toMatchObject({ orphans: { count: 1 }, removed: { count: 1 } });
  expect((await store.keys()).length).toBe(1);
  expect(((await result.xcom("makes", { key: "rows" })) as number[])[0]).toBe(2);
});
