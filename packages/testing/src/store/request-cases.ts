import type { Change, Store } from "@millrace/core/plugin";
import { expect } from "vitest";
import { fileRequest, noon } from "./changes.ts";
import { apply, openEngine, type StoreCase, type StoreUnderTest } from "./store-case.ts";

const setting = { kind: "putSetting", key: "k", value: "v", at: noon } as const;

export const requestCases: readonly StoreCase[] = [
  {
    name: "a request is filed once for each id, and read as it was filed first",
    async run(place) {
      const store = await openEngine(place);
      const payload = '{"text":"äöü \\u0000 \'quoted\'"}';
      const { requestNo } = await apply(
        store,
        fileRequest("a", { operation: "clear", payload, at: noon + 1 }),
        "filed",
      );
      const again = await apply(store, fileRequest("a", { operation: "pause", payload: "{}", at: noon + 9 }), "filed");
      expect(again).toEqual({ status: "filed", requestNo });
      expect(await store.requests.get(requestNo)).toEqual({
        requestNo,
        requestId: "a",
        operation: "clear",
        payload,
        filedAt: noon + 1,
        answeredAt: null,
        answer: null,
      });
      expect(await store.requests.pending()).toHaveLength(1);
      const other = await apply(store, fileRequest("A"), "filed");
      expect(other.requestNo).toBeGreaterThan(requestNo);
      expect(await store.requests.get(other.requestNo + 1)).toBeUndefined();
      expect(await store.requests.get(0)).toBeUndefined();
    },
  },
  {
    name: "the same id twice in one group is one request",
    async run(place) {
      const store = await openEngine(place);
      const [first, second] = await store.commit([fileRequest("a"), fileRequest("a", { payload: "2" })]);
      expect(second).toEqual(first);
      expect(await store.requests.pending()).toMatchObject([{ requestId: "a", payload: '{"dag":"sales"}' }]);
    },
  },
  {
    name: "a request is answered once, and then waits no longer",
    async run(place) {
      const store = await openEngine(place);
      const { requestNo } = await apply(store, fileRequest("a"), "filed");
      const other = await apply(store, fileRequest("b"), "filed");
      const answer = (requestNo: number, text: string, at: number) =>
        ({ kind: "answerRequest", requestNo, answer: text, at }) as const;
      expect(await apply(store, answer(requestNo, '{"ok":true}', noon + 4), "done")).toMatchObject({ eventSeq: 0 });
      const answered = { requestId: "a", answeredAt: noon + 4, answer: '{"ok":true}', filedAt: noon };
      expect(await store.requests.get(requestNo)).toMatchObject(answered);
      expect((await store.requests.pending()).map((row) => row.requestNo)).toEqual([other.requestNo]);
      await apply(store, answer(requestNo, "null", noon + 5), "refused");
      await apply(store, answer(other.requestNo + 1_000, "null", noon + 5), "refused");
      expect(await store.requests.get(requestNo)).toMatchObject(answered);
      // Asked again after it was answered.
      expect(await apply(store, fileRequest("a", { at: noon + 6 }), "filed")).toMatchObject({ requestNo });
      expect(await store.requests.get(requestNo)).toMatchObject(answered);
      expect(await store.requests.pending()).toHaveLength(1);
    },
  },
  {
    name: "requests wait in the order in which they were filed, 100 when no limit is given and 10,000 at most",
    async run(place) {
      const store = await openEngine(place);
      const changes = Array.from({ length: 10_001 }, (_, index) => fileRequest(`r${-index}`, { at: noon - index }));
      const outcomes = await store.commit(changes);
      const numbers = outcomes.map((outcome) => (outcome.status === "filed" ? outcome.requestNo : 0));
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      const waiting = async (limit?: number) => (await store.requests.pending(limit)).map((row) => row.requestNo);
      expect(await waiting()).toEqual(numbers.slice(0, 100));
      expect(await waiting(3)).toEqual(numbers.slice(0, 3));
      expect(await waiting(1_000_000)).toHaveLength(10_000);
    },
  },
  {
    name: "requests that were answered before an instant are removed; their numbers are not given out again",
    async run(place) {
      const store = await openEngine(place);
      const filed: number[] = [];
      for (const id of ["a", "b", "c", "d"]) filed.push((await apply(store, fileRequest(id), "filed")).requestNo);
      const [a = 0, b = 0, c = 0, d = 0] = filed;
      // In an order that is not that of the numbers; c waits.
      for (const [requestNo, at] of [
        [d, noon + 1],
        [a, noon + 2],
        [b, noon + 3],
      ] as const)
        await apply(store, { kind: "answerRequest", requestNo, answer: "1", at }, "done");
      await apply(store, { kind: "deleteRequests", answeredBefore: noon + 3 }, "done");
      const there = async (store: Store) => {
        const rows = await Promise.all(filed.map((requestNo) => store.requests.get(requestNo)));
        return rows.map((row) => row?.requestId);
      };
      expect(await there(store)).toEqual([undefined, "b", "c", undefined]);
      await store.close();
      const next = await openEngine(place);
      const again = await apply(next, fileRequest("d"), "filed");
      expect(filed).not.toContain(again.requestNo);
      expect(await there(next)).toEqual([undefined, "b", "c", undefined]);
      expect((await next.requests.pending()).map((row) => row.requestNo)).toEqual([c, again.requestNo]);
    },
  },
  {
    name: "requests are told in no event, and one of a group that fails is not filed",
    async run(place) {
      const store = await openEngine(place);
      const failing = store.commit([fileRequest("lost"), { kind: "no such change" } as unknown as Change]);
      await expect(failing).rejects.toMatchObject({ code: "STORE_FAILED" });
      expect(await store.requests.pending()).toEqual([]);
      const { requestNo } = await apply(store, fileRequest("a"), "filed");
      await apply(store, { kind: "answerRequest", requestNo, answer: "1", at: noon }, "done");
      await apply(store, { kind: "deleteRequests", answeredBefore: noon + 1 }, "done");
      expect(await store.events.list({})).toEqual([]);
    },
  },
  {
    name: "a client files requests beside the engine, reads, and counts as no engine",
    async run(place) {
      const engine = await openEngine(place);
      const client = place.connect();
      expect(await client.open("client")).toEqual({ epoch: 0 });
      await engine.commit([setting]);
      expect(await client.settings.get("k")).toBe("v");
      const own = await apply(engine, fileRequest("from the engine"), "filed");
      const { requestNo } = await apply(client, fileRequest("from a client"), "filed");
      expect(requestNo).not.toBe(own.requestNo);
      expect(await apply(engine, fileRequest("from a client"), "filed")).toMatchObject({ requestNo });
      expect((await engine.requests.pending()).map(({ requestId }) => requestId)).toEqual([
        "from the engine",
        "from a client",
      ]);
      await apply(engine, { kind: "answerRequest", requestNo, answer: "1", at: noon }, "done");
      expect(await client.requests.get(requestNo)).toMatchObject({ answer: "1" });
      await client.close();
      await expect(client.commit([fileRequest("c")])).rejects.toMatchObject({ code: "STORE_CLOSED" });
      expect(await engine.open("engine")).toEqual({ epoch: 1 });
    },
  },
  {
    name: "a client writes nothing but requests: a group with anything else is not stored at all",
    async run(place) {
      const engine = await openEngine(place);
      const client = place.connect();
      await client.open("client");
      const others: Change[] = [
        setting,
        { kind: "answerRequest", requestNo: 1, answer: "1", at: noon },
        { kind: "deleteRequests", answeredBefore: noon },
      ];
      for (const other of others) {
        await expect(client.commit([fileRequest("a"), other])).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
        await expect(client.commit([other])).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
      }
      expect(await engine.requests.pending()).toEqual([]);
      expect(await engine.settings.get("k")).toBeUndefined();
      expect(await client.commit([])).toEqual([]);
    },
  },
  {
    name: "a client needs no engine that works now, but one that has made the store",
    async run(place) {
      await expect(place.connect().open("client")).rejects.toMatchObject({ code: "STORE_MISSING" });
      const first = await openEngine(place);
      await first.close();
      const client = await openClient(place);
      await apply(client, fileRequest("a"), "filed");
      // It claims nothing.
      const second = await openEngine(place);
      expect(await second.requests.pending()).toMatchObject([{ requestId: "a" }]);
      await apply(client, fileRequest("b"), "filed");
      await client.close();
      expect(await second.requests.pending()).toHaveLength(2);
      await apply(second, setting, "done");
    },
  },
  {
    name: "opening for less takes nothing away, opening for more adds to it",
    async run(place) {
      const engine = await openEngine(place);
      expect(await engine.open("client")).toEqual({ epoch: 0 });
      await apply(engine, setting, "done");
      await engine.close();
      const store = place.connect();
      await store.open("reader");
      await expect(store.commit([fileRequest("a")])).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
      await store.open("client");
      await apply(store, fileRequest("a"), "filed");
      await store.open("reader");
      await apply(store, fileRequest("b"), "filed");
      expect(await store.open("engine")).toEqual({ epoch: 2 });
      await apply(store, setting, "done");
      expect(await store.requests.pending()).toHaveLength(2);
    },
  },
];

async function openClient(place: StoreUnderTest): Promise<Store> {
  const store = place.connect();
  await store.open("client");
  return store;
}
