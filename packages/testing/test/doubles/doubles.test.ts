import { dag } from "@millrace/core";
import { memoryStore, xcomBackend } from "@millrace/core/plugin";
import { describe, expect, test } from "vitest";
import {
  createTestEngine,
  failingCommits,
  failingReads,
  faultyPlace,
  faultyStage,
  faultyStore,
  manualClock,
  manualExecutor,
} from "../../src/index.ts";
import { samplePlace, sampleStage } from "../xcom/sample-parts.ts";

const address = { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "k" };
const put = (key: string) => ({ kind: "putSetting", key, value: key, at: 0 }) as const;
const state = (key: string) => ({ kind: "putState", namespace: "n", key, value: "1", at: 0 }) as const;

describe("a faulty store", () => {
  const outcomes = async (plan: Parameters<typeof faultyStore>[1], count = 6) => {
    const { store } = faultyStore(memoryStore(), plan);
    await store.open("engine");
    const words: string[] = [];
    for (let call = 1; call <= count; call++) {
      const group = call % 2 === 0 ? [state(`${call}`), put(`${call}`)] : [put(`${call}`)];
      const answer = await store.commit(group).then(
        () => "ok",
        (error: Error) => error.message,
      );
      words.push((await store.settings.get(`${call}`)) === undefined ? `${answer}, nothing stored` : answer);
    }
    return words;
  };
  const full = "the disk is full, nothing stored";

  test("fails the commits chosen by number, by kind and number, before or after they are stored", async () => {
    expect(await outcomes({})).toEqual(["ok", "ok", "ok", "ok", "ok", "ok"]);
    expect(await outcomes({ commit: failingCommits({ at: [1, 4] }) })).toEqual([full, "ok", "ok", full, "ok", "ok"]);
    expect(await outcomes({ commit: failingCommits({ kind: "putState", at: 2, how: "answer lost" }) })).toEqual([
      "ok",
      "ok",
      "ok",
      "the connection broke",
      "ok",
      "ok",
    ]);
  });

  test("fails a share of them, the same for the same seed", async () => {
    const failed = async (seed: number) =>
      (await outcomes({ commit: failingCommits({ share: 0.3, seed }) }, 300)).map((word) => word === full);
    const first = await failed(7);
    expect(await failed(7)).toEqual(first);
    expect(await failed(8)).not.toEqual(first);
    expect(first.filter(Boolean).length).toBeGreaterThan(60);
    expect(first.filter(Boolean).length).toBeLessThan(120);
  });

  test("fails the reads chosen by name and number, and takes the time it is told", async () => {
    const clock = manualClock();
    const faulty = faultyStore(memoryStore(), {
      read: failingReads({ of: "settings", at: 2 }),
      slow: { clock, ms: 50 },
    });
    const { store } = faulty;
    await store.open("engine");
    const start = clock.now();
    await clock.drive(store.settings.get("a"));
    await clock.drive(store.runs.active());
    await expect(clock.drive(store.settings.get("b"))).rejects.toThrow("settings.get failed");
    await clock.drive(store.settings.get("c"));
    expect([clock.now() - start, faulty.reads, faulty.commits]).toEqual([200, 4, 0]);
    faulty.plan = { read: failingReads({ of: "runs.active" }) };
    await expect(store.runs.active()).rejects.toThrow("runs.active failed");
    expect(await store.runs.list({})).toEqual([]);
  });
});

describe("faulty parts", () => {
  const value = { text: "x".repeat(500) };
  const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      (read) => read,
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );

  test("pass everything on where nothing is planned", async () => {
    const place = faultyPlace(samplePlace().place);
    const backend = xcomBackend([faultyStage(sampleStage()).part, place.part]);
    const stored = await backend.serialize(value, address);
    expect(await backend.deserialize(stored, address)).toEqual(value);
    await backend.purge(stored);
    expect(await codeOf(backend.deserialize(stored, address))).toBe("SAMPLE_MISSING");
  });

  test("cut, alter, lose and refuse what they are told to, on both ways", async () => {
    const results: Record<string, unknown> = {};
    for (const fault of ["truncate", "flip a bit", "drop", "throw"] as const) {
      for (const way of ["write", "read"] as const) {
        const faults = { [way]: (call: number) => (call === 1 ? fault : "none") };
        for (const backend of [
          xcomBackend([sampleStage(), faultyPlace(samplePlace().place, faults).part]),
          xcomBackend([faultyStage(sampleStage(), faults).part, samplePlace().place]),
        ]) {
          const through = backend.serialize(value, address).then((stored) => backend.deserialize(stored, address));
          const which = `${fault} on ${way}`;
          results[which] = [...((results[which] as unknown[]) ?? []), await codeOf(through)];
        }
      }
    }
    expect(results).toEqual({
      "truncate on write": ["SAMPLE_ALTERED", "SAMPLE_ALTERED"],
      "truncate on read": ["SAMPLE_ALTERED", "XCOM_CORRUPT"],
      "flip a bit on write": ["SAMPLE_ALTERED", "SAMPLE_ALTERED"],
      "flip a bit on read": ["SAMPLE_ALTERED", { text: `${"x".repeat(246)}y${"x".repeat(253)}` }],
      "drop on write": ["SAMPLE_MISSING", "SAMPLE_ALTERED"],
      "drop on read": ["SAMPLE_ALTERED", "XCOM_CORRUPT"],
      "throw on write": ["XCOM_PART_FAILED", "XCOM_PART_FAILED"],
      "throw on read": ["XCOM_PART_FAILED", "XCOM_PART_FAILED"],
    });
  });

  test("do the same to streams", async () => {
    async function* source() {
      for (let n = 0; n < 4; n++) yield Buffer.alloc(300_000, "ab");
    }
    const results: Record<string, unknown> = {};
    for (const fault of ["none", "truncate", "flip a bit", "drop", "throw"] as const) {
      for (const way of ["write", "read"] as const) {
        const faults = { [way]: (call: number) => (call === 1 ? fault : "none") };
        const through = async (backend: ReturnType<typeof xcomBackend>) => {
          const { stored } = await backend.serializeStream(source(), address);
          let sizeBytes = 0;
          for await (const piece of backend.deserializeStream(stored, address)) sizeBytes += piece.length;
          return sizeBytes;
        };
        const [place, stage] = [faultyPlace(samplePlace().place, faults), faultyStage(sampleStage(), faults)];
        results[`${fault} on ${way}`] = [
          await codeOf(through(xcomBackend([sampleStage(), place.part]))),
          await codeOf(through(xcomBackend([stage.part, samplePlace().place]))),
        ];
      }
    }
    expect(results).toEqual({
      "none on write": [1_200_000, 1_200_000],
      "none on read": [1_200_000, 1_200_000],
      "truncate on write": ["SAMPLE_ALTERED", "SAMPLE_ALTERED"],
      "truncate on read": ["SAMPLE_ALTERED", "XCOM_CORRUPT"],
      "flip a bit on write": ["SAMPLE_ALTERED", "SAMPLE_ALTERED"],
      "flip a bit on read": ["SAMPLE_ALTERED", 1_200_000],
      "drop on write": ["SAMPLE_MISSING", "SAMPLE_ALTERED"],
      "drop on read": ["SAMPLE_ALTERED", "XCOM_CORRUPT"],
      "throw on write": ["XCOM_PART_FAILED", "XCOM_PART_FAILED"],
      "throw on read": ["XCOM_PART_FAILED", "XCOM_PART_FAILED"],
    });
  });

  test("hang until they are released", async () => {
    const faulty = faultyPlace(samplePlace().place, { write: () => "hang", remove: () => "throw" });
    const backend = xcomBackend([faulty.part]);
    let stored: Awaited<ReturnType<typeof backend.serialize>> | undefined;
    const pending = backend.serialize(value, address).then((done) => {
      stored = done;
    });
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect([stored, faulty.hanging]).toEqual([undefined, 1]);
    faulty.release();
    await pending;
    expect(await backend.deserialize(stored ?? "", address)).toEqual(value);
    expect(faulty.hanging).toBe(0);
    await expect(backend.purge(stored ?? "")).rejects.toThrow("the place 'sample' cannot remove");
  });
});

describe("a manual executor", () => {
  const two = dag("two", { maxActiveTasks: 2 }, (d) => {
    const list = d.task("list", () => [1, 2, 3]);
    const each = d.map(
      "each",
      { over: list, retries: { max: 1, delay: "1m", backoff: "fixed" } },
      ({ element }) => element,
    );
    d.task("sum", { input: each }, ({ input }) => input.reduce((a, b) => a + b, 0));
  });

  test("has attempts under way until the test ends them, in any order, and makes them when asked", async () => {
    const executor = manualExecutor();
    await using opened = await createTestEngine({ dags: [two], executor });
    const { runId } = await opened.trigger(two);
    await opened.settle();
    expect(executor.underWay().map(({ taskId }) => taskId)).toEqual(["list"]);
    await opened.advance("365d");
    expect(executor.freeSlots()).toBe(31);
    executor.succeed("list", ["a", "b", "c"]);
    expect(executor.freeSlots()).toBe(32);
    await opened.settle();
    expect(executor.underWay().map(({ mapIndex }) => mapIndex)).toEqual([0, 1]);
    executor.fail({ taskId: "each", mapIndex: 0 });
    await opened.settle();
    expect(executor.underWay().map(({ mapIndex }) => mapIndex)).toEqual([1, 2]);
    await executor.perform({ taskId: "each", mapIndex: 2 });
    executor.succeed("each", "made up");
    await opened.advance("1m");
    executor.end("each", { state: "skipped" });
    await opened.settle();
    expect((await opened.engine.tasks("two", runId)).map(({ state, attempt }) => `${state} ${attempt}`)).toEqual([
      "success 1",
      "skipped 2",
      "success 1",
      "success 1",
      "skipped 0",
    ]);
    expect(await opened.engine.xcom("two", runId, "each")).toEqual(["made up", "c"]);
    expect(executor.attempts.map(({ state }) => state)).toEqual(["success", "failed", "success", "success", "skipped"]);
  });

  test("lets outcomes come too late, which change nothing", async () => {
    const executor = manualExecutor({ concurrency: 1 });
    await using opened = await createTestEngine({ dags: [two], executor });
    const { runId } = await opened.trigger(two);
    await opened.settle();
    const [attempt] = executor.attempts;
    expect(executor.freeSlots()).toBe(0);
    await opened.engine.cancel("two", runId);
    expect([attempt?.state, executor.freeSlots()]).toEqual(["cancelled", 1]);
    executor.end(attempt ?? "", { state: "success" });
    await opened.settle();
    expect((await opened.engine.tasks("two", runId))[0]?.state).toBe("cancelled");
  });

  test("knows which attempts there are to end", async () => {
    const executor = manualExecutor();
    await using opened = await createTestEngine({ dags: [two], executor });
    await opened.trigger(two);
    await opened.settle();
    expect(() => executor.succeed("sum")).toThrow(
      expect.objectContaining({
        code: "TEST_ATTEMPT_UNKNOWN",
        message: 'No attempt "sum" can be ended; under way: list',
      }),
    );
  });
});
