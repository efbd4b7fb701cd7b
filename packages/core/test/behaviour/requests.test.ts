import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fileRequest } from "../../src/engine/requests/file-request.ts";
import { nudgePath } from "../../src/engine/requests/nudge-socket.ts";
import type { EngineRequest } from "../../src/engine/requests/request.ts";
import { requestService } from "../../src/engine/requests/request-service.ts";
import { dag } from "../../src/index.ts";
import type { Store } from "../../src/store/contract.ts";
import { type MemoryDatabase, memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { faultyStore } from "../faulty-store.ts";
import { gate, openEngine, type TestEngine } from "../test-engine.ts";

const home = mkdtempSync(join(tmpdir(), "millrace-requests-"));
afterAll(() => rmSync(home, { recursive: true }));

const hello = dag("hello", {}, (d) => {
  d.task("t", ({ conf }) => conf.name ?? "nobody");
});

async function clientOf(database: MemoryDatabase): Promise<Store> {
  const store = memoryStore({ database });
  await store.open("client");
  return store;
}

/** An engine, and somebody in another process who asks it. */
async function openBoth(dags = [hello]): Promise<{
  readonly opened: TestEngine;
  readonly database: MemoryDatabase;
  ask(request: EngineRequest): Promise<unknown>;
}> {
  const database = memoryDatabase();
  const opened = await openEngine({ dags, store: memoryStore({ database }) });
  const client = await clientOf(database);
  return {
    opened,
    database,
    async ask(request) {
      const asked = fileRequest(request, { store: client, home, clock: opened.clock });
      asked.catch(() => undefined);
      await opened.clock.settle();
      await opened.engine.answerRequests();
      return opened.clock.drive(asked);
    },
  };
}

describe("requests of another process", () => {
  test("do what the engine's own methods do, and answer the same", async () => {
    const { opened, ask } = await openBoth();
    await using _ = opened;
    const made = await ask({ operation: "trigger", dagId: "hello", runId: "r", conf: { name: "Ada" } });
    expect(made).toEqual({ runNo: 1, runId: "r", state: "queued", isNew: true });
    await opened.clock.advance(1_000);
    expect(await opened.engine.xcom("hello", "r", "t")).toBe("Ada");
    const selection = { tasks: ["t"] };
    const would = await ask({ operation: "clear", dagId: "hello", runId: "r", selection, dryRun: true });
    expect(would).toEqual(await opened.clock.drive(opened.engine.clear("hello", "r", { ...selection, dryRun: true })));
    await ask({ operation: "mark", dagId: "hello", runId: "r", selection, state: "failed" });
    await opened.clock.advance(1_000);
    expect((await opened.engine.runs())[0].state).toBe("failed");
    await ask({ operation: "retry", dagId: "hello", runId: "r" });
    await opened.clock.advance(1_000);
    expect((await opened.engine.runs())[0].state).toBe("success");
    expect(await ask({ operation: "clearXComs", dagId: "hello", runId: "r" })).toMatchObject({
      xcoms: [{ key: "return_value" }],
    });
    expect(await ask({ operation: "cancel", dagId: "hello", runId: "r" })).toEqual({ wasActive: false });
    await ask({ operation: "pause", dagId: "hello" });
    expect((await opened.store.dags.get("hello"))?.paused).toBe(true);
    await ask({ operation: "unpause", dagId: "hello" });
    expect((await opened.store.dags.get("hello"))?.paused).toBe(false);
    await ask({ operation: "setPool", pool: "p", slots: 3 });
    expect(await opened.store.pools.list()).toContainEqual({ pool: "p", slots: 3 });
    const set = { dagId: "hello", new: { maxRuns: 3 }, from: "store", source: null };
    expect(await ask({ operation: "setCatchup", dagId: "hello", setting: { maxRuns: 3 } })).toEqual({
      ...set,
      old: false,
    });
    expect(await opened.engine.setCatchup("hello", { maxRuns: 3 })).toEqual({ ...set, old: { maxRuns: 3 } });
    await ask({ operation: "signal", event: "the file is there" });
    expect(await opened.store.requests.pending()).toEqual([]);
  });

  test("a run under way is cancelled", async () => {
    const held = gate();
    const slow = dag("slow", {}, (d) => {
      d.task("t", () => held.opened);
    });
    const { opened, ask } = await openBoth([slow]);
    await using _ = opened;
    await ask({ operation: "trigger", dagId: "slow", runId: "r" });
    expect(await ask({ operation: "cancel", dagId: "slow", runId: "r", reason: "wrong day" })).toEqual({
      wasActive: true,
    });
    expect((await opened.engine.runs())[0]).toMatchObject({ state: "cancelled", note: "wrong day" });
  });

  test("what the engine refuses comes back under its code, with its cure", async () => {
    const { opened, ask } = await openBoth();
    await using _ = opened;
    for (const [request, code] of [
      [{ operation: "trigger", dagId: "nowhere" }, "DAG_NOT_FOUND"],
      [{ operation: "trigger", dagId: "hello", idempotencyKey: "millrace-request/1" }, "DAG_OPTION_INVALID"],
      [{ operation: "cancel", dagId: "hello", runId: "r" }, "RUN_NOT_FOUND"],
      [{ operation: "cancel", dagId: "../etc", runId: "r" }, "DAG_ID_INVALID"],
      [{ operation: "pause", dagId: "nowhere" }, "DAG_NOT_FOUND"],
      [{ operation: "setPool", pool: "a b", slots: 1 }, "POOL_INVALID"],
      [{ operation: "signal", event: "millrace:x" }, "EVENT_NAME_INVALID"],
      [{ operation: "setCatchup", dagId: "nowhere", setting: true }, "DAG_NOT_FOUND"],
      [{ operation: "setCatchup", dagId: "../etc", setting: null }, "DAG_ID_INVALID"],
      [{ operation: "setCatchup", dagId: "hello", setting: { since: "-30d" } }, "CATCHUP_INVALID"],
      [{ operation: "setCatchup", dagId: "hello", setting: "yes" } as never, "REQUEST_INVALID"],
      [{ operation: "setPool", pool: "a", slots: -1 }, "REQUEST_INVALID"],
      [{ operation: "format disk" } as never, "REQUEST_INVALID"],
      [{ operation: "trigger", dagId: "hello", more: 1 } as never, "REQUEST_INVALID"],
    ] as const) {
      const refused = await ask(request).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code, cure: expect.stringMatching(/\w/) });
    }
    await ask({ operation: "trigger", dagId: "hello", runId: "r" });
    await opened.clock.advance(1_000);
    const refused = await ask({ operation: "retry", dagId: "hello", runId: "r" }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "NOTHING_TO_RETRY" });
  });

  test("text that is no request is refused and harms nothing", async () => {
    const { opened, database } = await openBoth();
    await using _ = opened;
    const client = await clientOf(database);
    for (const payload of [
      "{",
      "null",
      "[]",
      '"x"',
      `{"dagId":"${"x".repeat(5_000_000)}"}`,
      '{"__proto__":{"dagId":"hello"}}',
    ]) {
      const requestId = String(Math.abs(payload.length));
      const [filed] = await client.commit([{ kind: "fileRequest", requestId, operation: "trigger", payload, at: 0 }]);
      await opened.engine.answerRequests();
      const row = await client.requests.get("requestNo" in filed ? filed.requestNo : 0);
      expect(JSON.parse(row?.answer ?? "{}")).toMatchObject({ error: { code: "REQUEST_INVALID" } });
    }
    expect(await opened.engine.runs()).toEqual([]);
  });

  test("are forgotten a week after their answer", async () => {
    const { opened, ask } = await openBoth();
    await using _ = opened;
    await ask({ operation: "setPool", pool: "p", slots: 1 });
    await opened.clock.advance(6 * 86_400_000);
    await opened.engine.answerRequests();
    expect(await opened.store.requests.get(1)).toMatchObject({ operation: "setPool" });
    await opened.clock.advance(2 * 86_400_000);
    await opened.engine.answerRequests();
    expect(await opened.store.requests.get(1)).toBeUndefined();
  });

  test("an engine that does not answer in time is said so; the request is kept for it", async () => {
    const { opened, database } = await openBoth();
    await using _ = opened;
    const client = await clientOf(database);
    const asked = fileRequest(
      { operation: "trigger", dagId: "hello", runId: "r" },
      { store: client, home, clock: opened.clock },
    );
    await expect(opened.clock.drive(asked)).rejects.toMatchObject({ code: "REQUEST_NOT_ANSWERED" });
    await opened.engine.answerRequests();
    expect(await opened.engine.runs()).toHaveLength(1);
  });
});

test("a request is done once, whatever commit fails on the way, stored or not", async () => {
  for (const how of ["refused", "answer lost"] as const) {
    for (let failing = 1; failing <= 4; failing++) {
      const database = memoryDatabase();
      const faulty = faultyStore(memoryStore({ database }));
      await using opened = await openEngine({ dags: [hello], store: faulty.store });
      const client = await clientOf(database);
      const requests: EngineRequest[] = [
        { operation: "trigger", dagId: "hello" },
        { operation: "setPool", pool: "p", slots: 1 },
        { operation: "pause", dagId: "hello" },
        { operation: "setCatchup", dagId: "hello", setting: true },
      ];
      const asked = requests.map((request) => fileRequest(request, { store: client, home, clock: opened.clock }));
      let commits = 0;
      faulty.plan = { commit: () => (++commits === failing ? how : "none") };
      const answered = opened.clock.drive(opened.engine.answerRequests());
      await Promise.all([answered, ...asked.map((one) => opened.clock.drive(one))]);
      await opened.clock.advance(60_000);
      expect((await opened.engine.runs()).map(({ state }) => state)).toEqual(["success"]);
      const events = (await opened.engine.events()).filter(({ kind }) => kind === "dag.catchup_changed");
      expect(events.map(({ data }) => JSON.parse(data ?? ""))).toEqual([{ old: false, new: true, by: "dags set" }]);
      expect(await client.requests.pending()).toEqual([]);
    }
  }
});

test("a run that was made for a request before the engine died is not made again", async () => {
  const database = memoryDatabase();
  const faulty = faultyStore(memoryStore({ database }), {
    commit: (_, changes) => (changes.some(({ kind }) => kind === "answerRequest") ? "refused" : "none"),
  });
  const first = await openEngine({ dags: [hello], store: faulty.store });
  const client = await clientOf(database);
  const filed = {
    kind: "fileRequest",
    requestId: "x",
    operation: "trigger",
    payload: '{"dagId":"hello"}',
    at: 0,
  } as const;
  await client.commit([filed]);
  first.engine.answerRequests().catch(() => undefined);
  await first.clock.settle();
  expect(await client.runs.list({})).toHaveLength(1);
  database.crash();
  await first.clock.drive(first.engine.close());
  await using second = await openEngine({ dags: [hello], store: memoryStore({ database }) });
  await second.clock.drive(second.engine.start());
  await second.clock.drive(second.engine.answerRequests());
  await second.clock.advance(1_000);
  expect((await second.engine.runs()).map(({ state }) => state)).toEqual(["success"]);
  const answer = JSON.parse((await client.requests.get(1))?.answer ?? "{}") as object;
  expect(answer).toMatchObject({ result: { runNo: 1, isNew: false } });
});

describe("the socket for nudges", () => {
  test("has the engine look at once; numbers that are none, floods and a dead engine's socket do no harm", async () => {
    const database = memoryDatabase();
    writeFileSync(nudgePath(home), "left by a dead engine");
    // The poll never comes: what is answered, is answered because of a nudge.
    const services = [requestService({ home, pollMs: 1e9 })];
    await using opened = await openEngine({ dags: [hello], store: memoryStore({ database }), services });
    await opened.engine.start();
    expect(statSync(nudgePath(home)).mode & 0o077).toBe(0);
    for (const text of ["\n\n;DROP TABLE runs\n", "-1\n1e9\n", "\0\0"])
      await new Promise<void>((resolve) => {
        const socket = connect(nudgePath(home), () => socket.end(text));
        socket.on("close", () => resolve());
        socket.on("error", () => undefined);
      });
    // A line that does not end is not waited for.
    await new Promise<void>((resolve) => {
      const socket = connect(nudgePath(home), () => socket.write("9".repeat(1_000)));
      socket.on("close", () => resolve());
      socket.on("error", () => undefined);
    });
    const client = await clientOf(database);
    const answer = await fileRequest({ operation: "trigger", dagId: "hello", runId: "r" }, { store: client, home });
    expect(answer).toMatchObject({ runId: "r", isNew: true });
  });

  test("without it the store is looked at now and then all the same", async () => {
    const database = memoryDatabase();
    const other = mkdtempSync(join(tmpdir(), "millrace-requests-"));
    const services = [requestService({ home: other })];
    await using opened = await openEngine({ dags: [hello], store: memoryStore({ database }), services });
    await opened.engine.start();
    const client = await clientOf(database);
    const asked = fileRequest({ operation: "trigger", dagId: "hello" }, { store: client, home, clock: opened.clock });
    const before = opened.clock.now();
    await opened.clock.drive(asked);
    expect(opened.clock.now() - before).toBeLessThanOrEqual(250);
    rmSync(other, { recursive: true });
  });

  test("a home folder whose path is too long for a socket has it elsewhere", () => {
    expect(nudgePath(join("/", "x".repeat(200))).length).toBeLessThanOrEqual(100);
    expect(nudgePath(join("/", "x".repeat(200)))).not.toBe(nudgePath(join("/", "y".repeat(200))));
  });
});
