import { Readable } from "node:stream";
import { dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { memoryStore } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import { aesGcm } from "../src/aes-gcm.ts";
import { keyNamed, keys, noise } from "./samples.ts";

const secret = "hunter2-in-the-value";
const stream = noise(3_000_000);
const large = `${secret} `.repeat(300_000);

const idle = dag("idle", {}, (d) => void d.empty("nothing"));

/** Runs makes → meddles → takes, where `meddle` may do to the store what somebody could who can write to it. */
async function meddledRun(meddle: (store: ReturnType<typeof memoryStore>) => Promise<void>, stage = aesGcm({ keys })) {
  const store = memoryStore();
  const errors: string[] = [];
  const meddled = dag("meddled", {}, (d) => {
    const makes = d.task("makes", async ({ xcom }) => {
      await xcom.push("one", `${secret} 1`);
      await xcom.push("two", `${secret} 2`);
      await xcom.push("large", large);
      await xcom.pushStream("stream", Readable.from([stream.subarray(0, 1_000_000), stream.subarray(1_000_000)]));
      return { secret };
    });
    const meddles = d.task("meddles", () => meddle(store));
    const takes = d.task("takes", async ({ xcom }) => {
      const pulled: Record<string, unknown> = {};
      for (const key of ["one", "two", "large"])
        try {
          pulled[key] = await xcom.pull({ task: "makes", key });
        } catch (error) {
          errors.push(`${key} ${(error as { code: string }).code}`);
        }
      let size = 0;
      for await (const piece of await xcom.pullStream({ task: "makes", key: "stream" })) size += piece.length;
      return { pulled: Object.keys(pulled), isRight: pulled.large === undefined || pulled.large === large, size };
    });
    d.chain(makes, meddles, takes);
  });
  await using engine = await createEngine({ dags: [meddled], store, xcom: { backend: [stage] } });
  const result = await engine.run(meddled);
  return { result, errors, value: await result.xcom("takes") };
}

/** Everything that the store holds of XComs. */
async function rowsOf(store: ReturnType<typeof memoryStore>) {
  return store.xcoms.page({ limit: 100 });
}

test("values and streams of a run are stored encrypted, and tasks see them as they are", async () => {
  let stored = "";
  let chunks = Buffer.alloc(0);
  const { result, value, errors } = await meddledRun(async (store) => {
    stored = JSON.stringify(await rowsOf(store));
    for (const { streamId, chunkCount } of await store.chunks.streams({ limit: 10 }))
      for (let seq = 0; seq < chunkCount; seq++)
        chunks = Buffer.concat([chunks, (await store.chunks.get(streamId, seq)) ?? Buffer.alloc(0)]);
  });
  expect(result.state).toBe("success");
  expect({ value, errors }).toEqual({
    value: { pulled: ["one", "two", "large"], isRight: true, size: 3_000_000 },
    errors: [],
  });
  expect(stored.match(/_xcom_encrypted/g)).toHaveLength(5);
  expect(stored).not.toContain("hunter2");
  expect(stored).not.toContain(Buffer.from("hunter2").toString("base64").slice(0, 8));
  expect(chunks.length).toBeGreaterThanOrEqual(3_000_000);
  expect(chunks.includes(stream.subarray(1_000, 1_020))).toBe(false);
});

test("rows that somebody has exchanged, altered or replaced by plain ones are refused by their readers", async () => {
  const meddle = async (store: ReturnType<typeof memoryStore>) => {
    const rows = await rowsOf(store);
    const rowOf = (name: string) => rows.find(({ key }) => key === name) as (typeof rows)[number];
    const [one, two, big] = [rowOf("one"), rowOf("two"), rowOf("large")];
    const outcomes = await store.commit([
      { kind: "replaceXCom", ...one, expected: one.stored, put: { ...two } },
      { kind: "replaceXCom", ...two, expected: two.stored, put: { format: "json", stored: '"plain"', sizeBytes: 7 } },
      {
        kind: "replaceXCom",
        ...big,
        expected: big.stored,
        put: { ...big, stored: big.stored.replace('"segment_count":', '"segment_count":1') },
      },
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["done", "done", "done"]);
  };
  const strict = await meddledRun(meddle, aesGcm({ keys, acceptPlain: false }));
  expect(strict.errors).toEqual([
    "one XCOM_DECRYPTION_FAILED",
    "two XCOM_PLAIN_REFUSED",
    "large XCOM_DECRYPTION_FAILED",
  ]);
  const trusting = await meddledRun(meddle);
  expect(trusting.errors).toEqual(["one XCOM_DECRYPTION_FAILED", "large XCOM_DECRYPTION_FAILED"]);
});

test("an engine without keys does not start, and one whose key is old says so", async () => {
  const backend = [aesGcm({ keys: { env: "NOT_SET_ANYWHERE" } })];
  await expect(createEngine({ dags: [idle], xcom: { backend } })).rejects.toMatchObject({ code: "XCOM_KEYS_ABSENT" });
  const old = { id: "k0", key: keyNamed("k0"), created: "2001-01-01" };
  const told: string[] = [];
  const listen = (warning: Error) => told.push(warning.message);
  process.on("warning", listen);
  const aged = aesGcm({ keys: [old], rotationDays: 90, acceptPlain: false });
  await using engine = await createEngine({ dags: [idle], xcom: { backend: [aged] } });
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listen);
  expect(engine).toBeDefined();
  expect(told.join()).toMatch(/'k0' is \d+ days old/);
});
