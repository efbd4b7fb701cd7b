import { memoryDatabase, memoryStore } from "@millrace/core/plugin";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { modelCases } from "../src/store/model-cases.ts";
import { runCase, type StoreCase } from "../src/store/store-case.ts";
import { storeCases } from "../src/store/store-suite.ts";
import { placeOf } from "./breaking.ts";
import { brokenStores } from "./broken-stores.ts";

const byHand = Object.values(storeCases).flat();
const byModel = modelCases(40);

describe("the store suite fails on a store with a planted fault", () => {
  // What found the fault before comes first: faults that stand together are mostly found by the same case.
  const inTurn = [...byHand];
  for (const [fault, breaks] of Object.entries(brokenStores)) {
    test(fault, async () => {
      for (const [place, storeCase] of inTurn.entries()) {
        if (!(await fails(storeCase, () => placeOf(breaks)))) continue;
        inTurn.unshift(...inTurn.splice(place, 1));
        return;
      }
      expect.unreachable("every case passed");
    });
  }
});

test("the random sequences alone find faults of many kinds", async () => {
  fc.configureGlobal({ endOnFailure: true });
  const found: string[] = [];
  let likely = byModel;
  // Every other one, to save time.
  const tried = Object.entries(brokenStores).filter((_, place) => place % 2 === 0 || process.env.SHOW);
  const isEnough = (): boolean => found.length > tried.length / 2;
  for (const [fault, breaks] of tried.reverse()) {
    if (isEnough() && !process.env.SHOW) break;
    for (const storeCase of likely) {
      if (!(await fails(storeCase, () => placeOf(breaks)))) continue;
      found.push(fault);
      likely = [storeCase, ...byModel.filter((other) => other !== storeCase)];
      break;
    }
  }
  expect(isEnough()).toBe(true);
  if (process.env.SHOW) console.log(tried.map(([fault]) => fault).filter((fault) => !found.includes(fault)));
});

test("the wrapper itself breaks nothing", async () => {
  const failed: string[] = [];
  for (const storeCase of [...byHand, ...byModel])
    if (await fails(storeCase, () => placeOf(() => ({})))) failed.push(storeCase.name);
  expect(failed).toEqual([]);
  expect(memoryStore({ database: memoryDatabase() }).name).toBe("memory");
});

async function fails(storeCase: StoreCase, makeStore: Parameters<typeof runCase>[1]): Promise<boolean> {
  return runCase(storeCase, makeStore).then(
    () => false,
    () => true,
  );
}
