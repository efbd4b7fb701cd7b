import { describe, expect, test } from "vitest";
import type { EngineOptions } from "../../src/engine/create-engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { XComsRenewed } from "../../src/engine/renewals.ts";
import { fileRequest } from "../../src/engine/requests/file-request.ts";
import { dag } from "../../src/index.ts";
import type { Store, XComRow } from "../../src/store/contract.ts";
import { type MemoryDatabase, memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import type { XComPlace } from "../../src/xcom/parts.ts";
import { faultyStore } from "../faulty-store.ts";
import { gate, openEngine, type TestEngine } from "../test-engine.ts";
import { keyedSealing } from "../xcom/keyed-sealing.ts";
import { shelf } from "../xcom/streaming-parts.ts";

const values = ["short", "x".repeat(200), { list: [1, 2, 3] }, null];

const wide = dag("wide", {}, (d) => {
  for (const [index, value] of values.entries()) d.task(`t${index}`, () => value);
  d.task("streams", async ({ xcom }) => {
    await xcom.pushStream("s", [Buffer.alloc(300_000, "a"), Buffer.alloc(5, "b")] as never);
  });
});

type Place = ReturnType<typeof shelf>;

interface World {
  readonly database: MemoryDatabase;
  readonly kept: Place;
  open(
    keys: readonly string[],
    options?: Omit<Partial<EngineOptions>, "clock"> & { readonly place?: XComPlace },
  ): Promise<TestEngine>;
}

/** A database with a run whose values were sealed with the key `k1`, long ones in a place. */
async function world(): Promise<World> {
  const database = memoryDatabase();
  const kept = shelf({ least: 100 });
  const open: World["open"] = (keys, { place = kept.place, ...options } = {}) => {
    const xcom = { backend: [keyedSealing(keys), place] };
    return openEngine({ dags: [wide], store: memoryStore({ database }), xcom, ...options });
  };
  const first = await open(["k1"]);
  expect((await first.run(wide, { runId: "r" })).state).toBe("success");
  await first[Symbol.asyncDispose]();
  return { database, kept, open };
}

async function renewAll(
  { engine, clock }: TestEngine,
  options: { readonly limit?: number; readonly dryRun?: boolean } = {},
): Promise<readonly XComsRenewed[]> {
  const pages: XComsRenewed[] = [];
  for (let after: XComsRenewed["next"]; pages.length < 100; after = pages.at(-1)?.next) {
    pages.push(await clock.drive(engine.renewXComs({ ...options, ...(after && { after }) })));
    if (!pages.at(-1)?.next) return pages;
  }
  return expect.unreachable("the pages do not end");
}

function sum(pages: readonly XComsRenewed[], name: "seen" | "renewed" | "overtaken"): number {
  return pages.reduce((total, page) => total + page[name], 0);
}

async function rowsOf(store: Store): Promise<readonly XComRow[]> {
  return store.xcoms.page({ limit: 100, format: "envelope" });
}

async function valuesOf(engine: Engine): Promise<readonly unknown[]> {
  return Promise.all(values.map((_, index) => engine.xcom("wide", "r", `t${index}`)));
}

describe("renewing the XComs of a store", () => {
  test("goes on page by page until nothing is stale, and then the old key can go", async () => {
    const { open, kept } = await world();
    const before = new Set(kept.kept.keys());
    {
      await using opened = await open(["k2", "k1"]);
      const old = await rowsOf(opened.store);
      const pages = await renewAll(opened, { limit: 2 });
      expect(pages.length).toBeGreaterThan(2);
      expect([sum(pages, "seen"), sum(pages, "renewed"), sum(pages, "overtaken")]).toEqual([5, 5, 0]);
      expect(pages.flatMap(({ failed }) => failed)).toEqual([]);
      const now = await rowsOf(opened.store);
      expect(now.map(({ stored: _, ...row }) => row)).toEqual(old.map(({ stored: _, ...row }) => row));
      expect(now.every(({ stored }) => stored.includes('"key_id":"k2"'))).toBe(true);
      expect(await valuesOf(opened.engine)).toEqual(values);
      const told = opened.events.filter(({ kind }) => kind === "xcom.renewed");
      expect(told.map(({ data }) => (data as { count: number }).count).reduce((a, b) => a + b)).toBe(5);
      expect(sum(await renewAll(opened), "renewed")).toBe(0);
    }
    // Nothing of the old forms is left, in the place or in the store.
    expect([...kept.kept.keys()].filter((path) => before.has(path))).toEqual([]);
    await using later = await open(["k2"]);
    expect(await valuesOf(later.engine)).toEqual(values);
    expect(kept.kept.size).toBe(2);
  });

  test("only looks when it is a trial", async () => {
    const { open, kept } = await world();
    await using opened = await open(["k2", "k1"]);
    const before = JSON.stringify([
      await rowsOf(opened.store),
      [...kept.kept.keys()],
      await opened.store.events.last(),
    ]);
    const pages = await renewAll(opened, { limit: 3, dryRun: true });
    expect([sum(pages, "seen"), sum(pages, "renewed")]).toEqual([5, 5]);
    expect(JSON.stringify([await rowsOf(opened.store), [...kept.kept.keys()], await opened.store.events.last()])).toBe(
      before,
    );
  });

  test("names what cannot be read and leaves it, and goes on with the rest", async () => {
    const { open, kept, database } = await world();
    const store = memoryStore({ database });
    await store.open("engine");
    const [row] = await rowsOf(store);
    const missing = row.stored.replace('"key_id":"k1"', '"key_id":"gone"');
    const put = { format: "envelope", stored: missing, sizeBytes: row.sizeBytes } as const;
    await store.commit([
      { kind: "replaceXCom", taskInstanceNo: row.taskInstanceNo, key: row.key, expected: row.stored, put },
    ]);
    await store.close();
    const [path] = kept.kept.keys();
    kept.kept.set(path, Buffer.alloc(10));
    await using opened = await open(["k2", "k1"]);
    const [page] = await renewAll(opened);
    expect([page.seen, page.renewed]).toEqual([5, 3]);
    const common = { dagId: "wide", runId: "r", mapIndex: -1 };
    expect(page.failed).toHaveLength(2);
    expect(page.failed).toContainEqual({
      address: { ...common, taskId: "t0", key: "return_value" },
      code: "XCOM_CORRUPT",
    });
    expect((await opened.store.xcoms.get(row))?.stored).toBe(missing);
    // They are found again, and nothing else.
    const [again] = await renewAll(opened);
    expect([again.renewed, again.failed.length]).toEqual([0, 2]);
  });

  test("what was pushed, removed or renewed meanwhile holds, and nothing of the renewal stays beside it", async () => {
    const { open, kept } = await world();
    const waiting = gate();
    const isAtPlace = gate();
    const place: XComPlace = {
      ...kept.place,
      async put(...given) {
        const placed = await kept.place.put(...given);
        isAtPlace.open();
        await waiting.opened;
        return placed;
      },
    };
    await using opened = await open(["k2", "k1"], { place });
    const { engine, store, clock } = opened;
    const before = [...kept.kept.keys()];
    const page = engine.renewXComs();
    await isAtPlace.opened;
    const rows = await rowsOf(store);
    await clock.drive(engine.clearXComs("wide", "r", { task: "t1" }));
    const [, , other] = rows;
    const put = { format: "envelope", stored: '{"_xcom_sealed":true,"somebody":"else"}', sizeBytes: 1 } as const;
    await store.commit([
      { kind: "replaceXCom", taskInstanceNo: other.taskInstanceNo, key: other.key, expected: other.stored, put },
    ]);
    waiting.open();
    expect(await clock.drive(page)).toMatchObject({ seen: 5, renewed: 3, overtaken: 2, failed: [] });
    expect((await store.xcoms.get(other))?.stored).toBe(put.stored);
    expect(await engine.xcom("wide", "r", "t1")).toBeUndefined();
    const leads = (await rowsOf(store)).flatMap((row) => (JSON.parse(row.stored) as { path?: string }).path ?? []);
    expect([...kept.kept.keys()].filter((path) => !before.includes(path))).toEqual(leads);
  });

  test("a group whose answer was lost was stored all the same: what its rows lead to stays", async () => {
    const { open, kept, database } = await world();
    let isLost = false;
    const faulty = faultyStore(memoryStore({ database }), {
      commit(_call, changes) {
        if (isLost || !changes.some(({ kind }) => kind === "replaceXCom")) return "none";
        isLost = true;
        return "answer lost";
      },
    });
    await using opened = await open(["k2", "k1"], { store: faulty.store });
    const [page] = await renewAll(opened);
    expect([isLost, page.renewed, page.overtaken]).toEqual([true, 5, 0]);
    expect(await valuesOf(opened.engine)).toEqual(values);
    expect(kept.kept.size).toBe(2);
  });

  test("a task that reads a value while it is renewed gets it in its new form", async () => {
    const { open, kept } = await world();
    const reads = gate();
    const mayRead = gate();
    let isFirst = true;
    const place: XComPlace = {
      ...kept.place,
      async get(...given) {
        if (isFirst) {
          isFirst = false;
          reads.open();
          await mayRead.opened;
        }
        return kept.place.get(...given);
      },
    };
    await using opened = await open(["k2", "k1"], { place });
    const read = opened.engine.xcom("wide", "r", "t1");
    await reads.opened;
    await renewAll(opened);
    mayRead.open();
    expect(await read).toBe(values[1]);
  });

  test("what a stream kept stays as long as a run may read it", async () => {
    const { open, kept } = await world();
    const hold = gate();
    const long = dag("long", {}, (d) => {
      d.task("t", () => hold.opened);
    });
    await using opened = await open(["k2", "k1"], { dags: [wide, long] });
    const { store, engine, clock } = opened;
    const { stored } = (await rowsOf(store)).find(({ key }) => key === "s") as XComRow;
    const before = JSON.parse(stored).path as string;
    await clock.drive(engine.trigger("long"));
    await renewAll(opened);
    hold.open();
    // That of the value is gone.
    expect(kept.kept.size).toBe(3);
    expect(kept.kept.has(before)).toBe(true);
  });

  test("an engine that closes stores what is renewed by then, and the next one does the rest", async () => {
    const { open, kept } = await world();
    const isAtPlace = gate();
    let count = 0;
    const place: XComPlace = {
      ...kept.place,
      put: (bytes, _address, _inner, call) =>
        new Promise((resolve, reject) => {
          if (bytes.length < 100) return resolve(undefined);
          count++;
          call?.signal?.addEventListener("abort", () => reject(call.signal?.reason));
          isAtPlace.open();
        }),
    };
    const opened = await open(["k2", "k1"], { place });
    const page = opened.engine.renewXComs();
    page.catch(() => undefined);
    await isAtPlace.opened;
    await opened[Symbol.asyncDispose]();
    await expect(page).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
    await expect(opened.engine.renewXComs()).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
    expect(count).toBe(1);
    await using next = await open(["k2", "k1"]);
    const [rest] = await renewAll(next);
    expect(rest.renewed).toBeGreaterThanOrEqual(1);
    expect(rest.renewed).toBeLessThan(5);
    expect(await valuesOf(next.engine)).toEqual(values);
  });

  test("a page ends early where values are long, so that no commit is", async () => {
    const database = memoryDatabase();
    const long = dag("long", {}, (d) => {
      for (let n = 0; n < 5; n++) d.task(`t${n}`, () => String(n).repeat(1_500_000));
    });
    const open = (keys: readonly string[]) =>
      openEngine({ dags: [long], store: memoryStore({ database }), xcom: { backend: [keyedSealing(keys)] } });
    const first = await open(["k1"]);
    await first.run(long, { runId: "r" });
    await first[Symbol.asyncDispose]();
    await using opened = await open(["k2", "k1"]);
    // 2 million characters each.
    expect((await renewAll(opened)).map(({ seen, renewed }) => [seen, renewed])).toEqual([
      [3, 3],
      [2, 2],
    ]);
    expect(await opened.engine.xcom("long", "r", "t4")).toBe("4".repeat(1_500_000));
  });

  test("a place that hangs costs its values, not the renewal", async () => {
    const { open, kept } = await world();
    const place: XComPlace = { ...kept.place, get: () => new Promise(() => undefined) };
    await using opened = await open(["k2", "k1"], {
      place,
      xcom: { backend: [keyedSealing(["k2", "k1"]), place], timeout: "1m" },
    });
    const [page] = await renewAll(opened);
    expect(page.failed.map(({ code }) => code)).toEqual(["XCOM_TIMEOUT"]);
    expect(page.renewed).toBe(4);
  });

  test.each([
    [{ limit: 0 }],
    [{ limit: 1.5 }],
    [{ after: 7 }],
    [{ after: { taskInstanceNo: "1", key: "k" } }],
    [{ after: { taskInstanceNo: 1 } }],
    [{ dryRun: "yes" }],
  ])("refuses %j", async (options) => {
    await using opened = await openEngine({ dags: [] });
    await expect(opened.engine.renewXComs(options as never)).rejects.toMatchObject({ code: "DAG_OPTION_INVALID" });
  });
});

describe("another process that asks for it", () => {
  const home = "/nowhere";
  async function clientOf(database: MemoryDatabase): Promise<Store> {
    const store = memoryStore({ database });
    await store.open("client");
    return store;
  }

  test("is answered the same", async () => {
    const { open, database } = await world();
    await using opened = await open(["k2", "k1"]);
    const { clock, engine } = opened;
    const store = await clientOf(database);
    const asked = fileRequest({ operation: "renewXComs", limit: 2 }, { store, home, clock });
    asked.catch(() => undefined);
    await clock.settle();
    await engine.answerRequests();
    expect(await clock.drive(asked)).toEqual({
      ...{ seen: 2, renewed: 2, overtaken: 0, failed: [] },
      next: { taskInstanceNo: 2, key: "return_value" },
    });
  });

  test("holds up nobody else, and is answered by the next engine if this one closes", async () => {
    const { open, database, kept } = await world();
    const waits = gate();
    const place: XComPlace = { ...kept.place, get: () => waits.opened.then(() => Promise.reject(new Error("gone"))) };
    const store = await clientOf(database);
    const opened = await open(["k2", "k1"], { place });
    const file = (operation: string, payload: object) =>
      store.commit([{ kind: "fileRequest", requestId: operation, operation, payload: JSON.stringify(payload), at: 0 }]);
    await file("renewXComs", {});
    await opened.engine.answerRequests();
    await file("pause", { dagId: "wide" });
    expect(await opened.clock.drive(opened.engine.answerRequests())).toBe(1);
    expect((await store.requests.pending()).map(({ operation }) => operation)).toEqual(["renewXComs"]);
    await opened[Symbol.asyncDispose]();
    waits.open();
    expect((await store.requests.pending()).map(({ operation }) => operation)).toEqual(["renewXComs"]);
    await using next = await open(["k2", "k1"]);
    await next.engine.answerRequests();
    await next.clock.advance(1_000);
    expect(await store.requests.pending()).toEqual([]);
    expect(await valuesOf(next.engine)).toEqual(values);
  });
});
