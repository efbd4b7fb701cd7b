import { expect, test } from "vitest";
import type { Store } from "../../src/store/contract.ts";
import { countXComKeys } from "../../src/xcom/key-uses.ts";
import { keyedSealing } from "./keyed-sealing.ts";

/** A store that has these texts as envelopes. */
function storeOf(texts: readonly string[]): { readonly xcoms: Pick<Store["xcoms"], "page"> } {
  const rows = texts.map((stored, at) => ({
    ...{ taskInstanceNo: at + 1, key: "k", runNo: 1, taskId: "t", mapIndex: -1 },
    ...{ format: "envelope" as const, stored, sizeBytes: 1, createdAt: 0 },
  }));
  return {
    xcoms: {
      page: async ({ after, limit }) =>
        rows.filter(({ taskInstanceNo }) => taskInstanceNo > (after?.taskInstanceNo ?? 0)).slice(0, limit),
    },
  };
}

const sealed = (key: unknown, more: object = {}): string =>
  JSON.stringify({ _xcom_sealed: true, key_id: key, ...more });

test("keys are counted over all pages, with how many XComs are to be renewed", async () => {
  const texts = Array.from({ length: 175 }, (_, at) => sealed(at < 75 ? "old" : "new"));
  const pages: number[] = [];
  const uses = await countXComKeys({
    store: storeOf(texts),
    parts: [keyedSealing(["new", "old"])],
    onPage: (seen) => pages.push(seen),
  });
  expect(uses).toEqual([
    { part: "sealing", keyId: "new", count: 100, stale: 0, unclear: 0 },
    { part: "sealing", keyId: "old", count: 75, stale: 75, unclear: 0 },
  ]);
  expect(pages).toEqual([50, 100, 150, 175]);
});

test("keys of deeper envelopes and of parts that nobody reads are counted too", async () => {
  const texts = [
    JSON.stringify({ _xcom_shelf: true, inner: { _xcom_sealed: true, key_id: "a" } }),
    JSON.stringify({ _xcom_gone: true, key_id: "b", inner: { _xcom_sealed: true, key_id: "a" } }),
  ];
  expect(await countXComKeys({ store: storeOf(texts), parts: [keyedSealing(["a"])] })).toEqual([
    { part: "_xcom_gone", keyId: "b", count: 1, stale: 0, unclear: 1 },
    { part: "sealing", keyId: "a", count: 2, stale: 0, unclear: 0 },
  ]);
});

test("damaged and hostile envelopes do no harm, and what a part throws counts as unclear", async () => {
  let deep: object = { _xcom_sealed: true, key_id: "deep" };
  for (let depth = 0; depth < 1_000; depth++) deep = { inner: deep };
  const texts = [
    ...["", "{", "null", "7", '"text"', "[]", '{"inner":{"inner":null}}', JSON.stringify(deep)],
    ...[sealed(7), sealed({}), sealed("x".repeat(301)), '{"__proto__":{"key_id":"p"}}'],
    ...Array.from({ length: 1_500 }, (_, at) => sealed(`many-${at}`)),
  ];
  const uses = await countXComKeys({ store: storeOf(texts), parts: [] });
  expect(uses).toHaveLength(1_000);
  expect(uses.every(({ keyId, unclear }) => keyId.startsWith("many-") && unclear === 1)).toBe(true);
  const throws = keyedSealing(["a"], {
    isStale: () => {
      throw new Error("no");
    },
  });
  expect(await countXComKeys({ store: storeOf([sealed("a")]), parts: [throws] })).toMatchObject([{ unclear: 1 }]);
});

test("of two parts with one marker the first is asked, and who does not wait any more ends it", async () => {
  const store = storeOf([sealed("a")]);
  const parts = [keyedSealing(["b", "a"]), keyedSealing(["a"])];
  expect(await countXComKeys({ store, parts })).toMatchObject([{ stale: 1 }]);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(countXComKeys({ store, parts, signal })).rejects.toThrow("enough");
});
