import { expect, test } from "vitest";
import { coreError } from "../../src/errors.ts";
import { dag } from "../../src/index.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import type { XComOperation } from "../../src/xcom/operation.ts";
import { readXComTotals } from "../../src/xcom/xcom-totals.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine } from "../test-engine.ts";
import { listingPlace } from "../xcom/listing-place.ts";
import { doubling } from "../xcom/streaming-parts.ts";

const secret = "hunter2-and-more";
const passing = dag("passing", {}, (d) => {
  const makes = d.task("makes", () => secret);
  d.task("takes", { input: makes }, ({ input }) => input.length);
});
/** `"hunter2-and-more"` as text. */
const bytes = secret.length + 2;

const countsOf = (page: string, name: string): Record<string, number> =>
  Object.fromEntries(
    [...page.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, "gm"))].map(([, labels, value]) => [
      labels?.replaceAll('"', "") ?? "",
      Number(value),
    ]),
  );

test("what each part does is counted by DAG, with bytes in and out, and told to the host without any value", async () => {
  const clock = new ManualClock();
  const { place } = listingPlace(() => clock.now());
  const told: XComOperation[] = [];
  const onOperation = (operation: XComOperation): void => {
    told.push(operation);
    throw new Error("the monitoring system is away");
  };
  // The second result is too short for the stage.
  const backend = [doubling({ least: 5 }), place];
  await using opened = await openEngine({ dags: [passing], clock, xcom: { backend, onOperation } });
  expect((await opened.run(passing)).state).toBe("success");
  const page = opened.engine.metrics.prometheus();
  expect(countsOf(page, "millrace_xcom_operations_total")).toEqual({
    "dag=passing,part=json,operation=write,outcome=done": 2,
    "dag=passing,part=json,operation=read,outcome=done": 1,
    "dag=passing,part=doubling,operation=write,outcome=done": 1,
    "dag=passing,part=doubling,operation=write,outcome=declined": 1,
    "dag=passing,part=doubling,operation=read,outcome=done": 1,
    "dag=passing,part=listed,operation=write,outcome=done": 2,
    "dag=passing,part=listed,operation=read,outcome=done": 1,
  });
  expect(countsOf(page, "millrace_xcom_in_bytes_total")).toMatchObject({
    "dag=passing,part=doubling,operation=write": bytes,
    "dag=passing,part=doubling,operation=read": 2 * bytes,
    "dag=passing,part=listed,operation=write": 2 * bytes + 2,
  });
  expect(countsOf(page, "millrace_xcom_out_bytes_total")).toMatchObject({
    "dag=passing,part=doubling,operation=write": 2 * bytes,
    "dag=passing,part=doubling,operation=read": bytes,
  });
  expect(countsOf(page, "millrace_xcom_operation_duration_seconds_count")).toMatchObject({
    "part=doubling,operation=write": 2,
  });
  expect(told.filter(({ part }) => part === "doubling")).toMatchObject([
    { operation: "write", address: { taskId: "makes", key: "return_value" }, outcome: "done", bytesIn: bytes },
    { operation: "read", address: { taskId: "makes" }, outcome: "done", bytesOut: bytes },
    { operation: "write", address: { taskId: "takes" }, outcome: "declined" },
  ]);
  expect(page + JSON.stringify(told)).not.toContain("hunter2");
});

test("what fails is counted by its code", async () => {
  const clock = new ManualClock();
  const { place } = listingPlace(() => clock.now());
  let failures = 0;
  const broken = {
    ...place,
    put: async () => {
      throw failures++ === 0 ? coreError("XCOM_NOT_FOUND", {}) : new Error("broken");
    },
  };
  const twice = dag("twice", {}, (d) => {
    d.task("makes", { retries: { max: 1, delay: "1s", backoff: "fixed" } }, () => secret);
  });
  await using opened = await openEngine({ dags: [twice], clock, xcom: { backend: [broken] } });
  expect((await opened.run(twice)).state).toBe("failed");
  expect(countsOf(opened.engine.metrics.prometheus(), "millrace_xcom_errors_total")).toEqual({
    "part=listed,operation=write,code=XCOM_NOT_FOUND": 1,
    "part=listed,operation=write,code=XCOM_PART_FAILED": 1,
  });
});

test("totals of all engines of a store are kept there, written half a minute after something was done and at the end", async () => {
  const clock = new ManualClock();
  const database = memoryDatabase();
  const { place } = listingPlace(() => clock.now());
  const open = () =>
    openEngine({ dags: [passing], clock, store: memoryStore({ database }), xcom: { backend: [doubling(), place] } });
  const totals = async (): Promise<Record<string, readonly number[]>> => {
    const reader = memoryStore({ database });
    await reader.open("reader");
    const all = (await readXComTotals(reader.state)).get("passing") ?? [];
    await reader.close();
    return Object.fromEntries(
      all.map(({ part, operation, done, bytesIn, bytesOut }) => [`${part} ${operation}`, [done, bytesIn, bytesOut]]),
    );
  };
  const once = {
    "json write": [2, bytes + 2, bytes + 2],
    "doubling write": [2, bytes + 2, 2 * bytes + 4],
    "listed write": [2, 2 * bytes + 4, 2 * bytes + 4],
    "listed read": [1, 0, 2 * bytes],
    "doubling read": [1, 2 * bytes, bytes],
    "json read": [1, bytes, bytes],
  };
  const times = (factor: number): Record<string, readonly number[]> =>
    Object.fromEntries(Object.entries(once).map(([name, numbers]) => [name, numbers.map((n) => n * factor)]));

  const first = await open();
  await first.run(passing);
  expect(await totals()).toEqual({});
  await clock.advance(30_000);
  await clock.settle();
  expect(await totals()).toEqual(times(1));
  await first.run(passing);
  expect(await totals()).toEqual(times(1));
  await first[Symbol.asyncDispose]();
  expect(await totals()).toEqual(times(2));
  // Names of runs have the instant in them.
  await clock.advance(1_000);
  await using second = await open();
  await second.run(passing);
  await second.run(passing);
  await clock.advance(30_000);
  await clock.settle();
  expect(await totals()).toEqual(times(4));
});

test("without parts nothing is counted and nothing is written", async () => {
  const clock = new ManualClock();
  const store = memoryStore();
  const told: XComOperation[] = [];
  const onOperation = (operation: XComOperation): void => void told.push(operation);
  await using opened = await openEngine({ dags: [passing], clock, store, xcom: { onOperation } });
  await opened.run(passing);
  await clock.advance(60_000);
  expect([told, countsOf(opened.engine.metrics.prometheus(), "millrace_xcom_operations_total")]).toEqual([[], {}]);
  expect(await store.state.list("xcom totals")).toEqual([]);
});

test("totals that cannot be read do not stop an engine; it counts anew", async () => {
  const clock = new ManualClock();
  const database = memoryDatabase();
  const store = memoryStore({ database });
  await store.open("engine");
  const value = JSON.stringify({ v: 1, totals: [{ part: "json", operation: "write", done: "many", errors: {} }] });
  await store.commit([{ kind: "putState", namespace: "xcom totals", key: "passing", value, at: 0 }]);
  expect((await readXComTotals(store.state)).get("passing")).toBeUndefined();
  await store.close();
  const opened = await openEngine({
    dags: [passing],
    clock,
    store: memoryStore({ database }),
    xcom: { backend: [doubling()] },
  });
  await opened.run(passing);
  await opened[Symbol.asyncDispose]();
  const reader = memoryStore({ database });
  await reader.open("reader");
  expect((await readXComTotals(reader.state)).get("passing")).toContainEqual(
    expect.objectContaining({ part: "json", operation: "write", done: 2 }),
  );
});

test("where it is asked for, each thing is a line in the log of the attempt that has it done, at level debug, without values", async () => {
  const clock = new ManualClock();
  const lines = async (logOperations: boolean | undefined): Promise<readonly string[]> => {
    const { place } = listingPlace(() => clock.now());
    const xcom = { backend: [doubling({ least: 5 }), place], logOperations };
    await using opened = await openEngine({ dags: [passing], clock, store: memoryStore(), xcom });
    const { runId } = await opened.run(passing);
    await clock.advance(1_000);
    const logs = await Promise.all(
      (await opened.engine.tasks("passing", runId)).map(({ taskInstanceNo }) =>
        opened.store.logs.list({ taskInstanceNo }),
      ),
    );
    expect(opened.engine.metrics.prometheus()).toContain('part="doubling",operation="read",outcome="done"} 1\n');
    return logs
      .flat()
      .map(({ level, message, fields }) => `${level} ${message.replace(/\d+ µs/, "n µs")} ${fields}`)
      .filter((line) => line.includes("doubling"));
  };
  expect(await lines(undefined)).toEqual([]);
  const [written, read, declined] = await lines(true);
  expect(written).toContain(
    `debug xcom write by doubling: 'return_value' of 'makes', ${bytes} → ${2 * bytes} bytes, n µs`,
  );
  expect(written).toContain('"ratio":2,');
  expect(read).toContain(`debug xcom read by doubling: 'return_value' of 'makes', ${2 * bytes} → ${bytes} bytes`);
  expect(declined).toContain("2 bytes, left as they are");
  expect(`${written}${read}`).not.toContain("hunter2");
});
