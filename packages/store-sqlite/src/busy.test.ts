import { join } from "node:path";
import { expect, test } from "vitest";
import { HastyClock, noon, scratchFolder, storeAt } from "../test/scratch.ts";
import { connect } from "./database-file.ts";
import type { DatabaseSync } from "./node-sqlite.ts";

const put = (key: string, value: string) => ({ kind: "putSetting", key, value, at: noon }) as const;

/** A foreign program in the middle of a write. */
function holdFile(path: string): DatabaseSync {
  const db = connect(path);
  db.exec("BEGIN IMMEDIATE");
  return db;
}

test("a group waits while another program writes, and is stored when that ends", async () => {
  const path = join(scratchFolder(), "millrace.db");
  const clock = new HastyClock();
  const store = storeAt(path, { clock });
  await store.open("engine");
  const foreign = holdFile(path);
  clock.whenAsleep = () => {
    if (clock.slept.length === 5) foreign.exec("COMMIT");
  };
  expect(await store.commit([put("k", "v")])).toEqual([{ status: "done", eventSeq: 0 }]);
  expect(clock.slept.length).toBe(5);
  expect(Math.max(...clock.slept)).toBeLessThanOrEqual(20);
  foreign.close();
});

test("groups that wait keep their order, and those that come later do not overtake them", async () => {
  const path = join(scratchFolder(), "millrace.db");
  const clock = new HastyClock();
  const store = storeAt(path, { clock });
  await store.open("engine");
  const foreign = holdFile(path);
  const swap = (expected: string | null, value: string) =>
    ({ kind: "putState", namespace: "n", key: "k", value, expected, at: noon }) as const;
  const first = store.commit([swap(null, "1")]);
  const second = store.commit([swap("1", "2")]);
  foreign.exec("COMMIT");
  const third = store.commit([swap("2", "3")]);
  const outcomes = await Promise.all([first, second, third]);
  expect(outcomes.flat().map(({ status }) => status)).toEqual(["done", "done", "done"]);
  foreign.close();
});

test("a group that cannot be stored in time rejects with STORE_BUSY, and the next one may succeed", async () => {
  const path = join(scratchFolder(), "millrace.db");
  const clock = new HastyClock();
  const store = storeAt(path, { clock, busyLimitMs: 50 });
  await store.open("engine");
  const foreign = holdFile(path);
  await expect(store.commit([put("k", "lost")])).rejects.toMatchObject({
    code: "STORE_BUSY",
    message: expect.stringMatching(/for \d+ ms/),
  });
  expect(clock.time - noon).toBeGreaterThanOrEqual(50);
  foreign.exec("ROLLBACK");
  expect(await store.settings.get("k")).toBeUndefined();
  await store.commit([put("k", "kept")]);
  expect(await store.settings.get("k")).toBe("kept");
  foreign.close();
});

test("one attempt never holds the event loop for more than 20 ms or so", async () => {
  const path = join(scratchFolder(), "millrace.db");
  const clock = new HastyClock();
  const store = storeAt(path, { clock, busyLimitMs: 200 });
  await store.open("engine");
  const foreign = holdFile(path);
  const spans: number[] = [];
  let since = performance.now();
  clock.whenAsleep = () => {
    spans.push(performance.now() - since);
    since = performance.now();
  };
  await expect(store.commit([put("k", "v")])).rejects.toMatchObject({ code: "STORE_BUSY" });
  // The median, because this machine may be doing other things as well.
  expect(spans.sort((a, b) => a - b)[Math.floor(spans.length / 2)]).toBeLessThan(20);
  foreign.close();
});

test("reading goes on while another program writes", async () => {
  const path = join(scratchFolder(), "millrace.db");
  const clock = new HastyClock();
  const store = storeAt(path, { clock });
  await store.open("engine");
  await store.commit([put("k", "v")]);
  const foreign = holdFile(path);
  expect(await store.settings.get("k")).toBe("v");
  expect(clock.slept).toEqual([]);
  foreign.close();
});

test("closing waits for the groups before it", async () => {
  const path = join(scratchFolder(), "millrace.db");
  const clock = new HastyClock();
  const store = storeAt(path, { clock });
  await store.open("engine");
  const foreign = holdFile(path);
  const waiting = store.commit([put("k", "v")]);
  const closing = store.close();
  foreign.exec("COMMIT");
  foreign.close();
  await waiting;
  await closing;
  const reader = storeAt(path);
  await reader.open("reader");
  expect(await reader.settings.get("k")).toBe("v");
});
