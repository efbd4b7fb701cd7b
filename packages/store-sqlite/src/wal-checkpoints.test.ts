import { statSync } from "node:fs";
import { join } from "node:path";
import type { Change, Store } from "@millrace/core/plugin";
import { describe, expect, test } from "vitest";
import { noon, scratchFolder, storeAt } from "../test/scratch.ts";
import { check } from "./check.ts";
import { connect } from "./database-file.ts";
import { WalCheckpoints } from "./wal-checkpoints.ts";

const threshold = 256 * 1024;
let written = 0;
const group = (): Change[] =>
  Array.from({ length: 20 }, () => ({
    kind: "putSetting",
    key: `k${written++ % 200}`,
    value: "x".repeat(900),
    at: noon,
  }));

async function write(store: Store, groups: number, after: () => Promise<void> = async () => {}): Promise<void> {
  for (let index = 0; index < groups; index++) {
    await store.commit(group());
    await after();
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("the write-ahead log", () => {
  test("stays bounded while groups are written without an end", async () => {
    const path = join(scratchFolder(), "millrace.db");
    const store = storeAt(path, { walThresholdBytes: threshold });
    await store.open("engine");
    let largest = 0;
    await write(store, 2_000, async () => {
      largest = Math.max(largest, statSync(`${path}-wal`).size);
      await turn();
    });
    // Written were about 100 MB.
    expect(largest).toBeLessThan(40 * threshold);
    await store.close();
    expect((await check({ path })).problems).toEqual([]);
  });

  test("stays bounded also when the writer never lets the event loop turn by itself", async () => {
    const path = join(scratchFolder(), "millrace.db");
    const store = storeAt(path, { walThresholdBytes: threshold });
    await store.open("engine");
    let largest = 0;
    await write(store, 1_000, async () => {
      largest = Math.max(largest, statSync(`${path}-wal`).size);
    });
    expect(largest).toBeLessThan(40 * threshold);
  });

  test("of a short run is never looked after: no worker is started", async () => {
    const path = join(scratchFolder(), "millrace.db");
    const store = storeAt(path);
    await store.open("engine");
    await write(store, 50);
    // Everything is still in the log.
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(500_000);
    expect(statSync(path).size).toBeLessThan(200_000);
  });

  test("grows while a foreign reader holds on to it, and is cut back afterwards", async () => {
    const path = join(scratchFolder(), "millrace.db");
    const store = storeAt(path, { walThresholdBytes: threshold });
    await store.open("engine");
    await write(store, 5);
    const reader = connect(path, { readOnly: true });
    reader.exec("BEGIN; SELECT count(*) FROM settings");
    await write(store, 400, turn);
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(10 * threshold);
    reader.exec("COMMIT");
    reader.close();
    await write(store, 1_500, turn);
    expect(statSync(`${path}-wal`).size).toBeLessThan(40 * threshold);
    expect(await store.settings.get("k0")).toBe("x".repeat(900));
  });
});

test("where there can be no worker, the writer's own connection does its work", async () => {
  const path = join(scratchFolder(), "no-such-folder", "nothing.db");
  let rounds = 0;
  const checkpoints = new WalCheckpoints({
    path,
    thresholdBytes: -1,
    betweenGroups: (task) => void task(),
    onFailedSync: () => undefined,
    here: () => {
      rounds++;
      return { pages: 1, moved: 1 };
    },
    worker: new URL("./left-out-by-a-bundler.js", import.meta.url),
  });
  for (let index = 0; index < 16; index++) checkpoints.groupWritten();
  await checkpoints.close();
  expect(rounds).toBeGreaterThan(0);
});

test("a disk that does not keep what the worker moves is told", async () => {
  const says = `import { parentPort } from "node:worker_threads";
    parentPort.on("message", (message) =>
      message === "close" ? parentPort.close() : parentPort.postMessage({ pages: 1, moved: 0, failedSync: "disk I/O error" }));`;
  const told: string[] = [];
  const checkpoints = new WalCheckpoints({
    path: join(scratchFolder(), "no-such-folder", "nothing.db"),
    thresholdBytes: -1,
    betweenGroups: (task) => void task(),
    onFailedSync: (why) => told.push(why),
    here: () => ({ pages: 1, moved: 1 }),
    worker: new URL(`data:text/javascript,${encodeURIComponent(says)}`),
  });
  for (let index = 0; index < 16; index++) checkpoints.groupWritten();
  await checkpoints.close();
  expect(told).toContain("disk I/O error");
});
