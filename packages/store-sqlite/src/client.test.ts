import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alter, closedDatabase, HastyClock, noon, scratchFolder, storeAt, traceOf } from "../test/scratch.ts";
import { connect } from "./database-file.ts";
import type { DatabaseSync } from "./node-sqlite.ts";

const file = (requestId: string) =>
  ({ kind: "fileRequest", requestId, operation: "pause", payload: "{}", at: noon }) as const;

test("a client makes no file, and leaves one that it only reads as it was", async () => {
  const folder = scratchFolder();
  const path = join(folder, "millrace.db");
  await expect(storeAt(path).open("client")).rejects.toMatchObject({
    code: "STORE_MISSING",
    message: expect.stringContaining(path),
  });
  expect(readdirSync(folder)).toEqual([]);
  await closedDatabase(path);
  const before = traceOf(path);
  const client = storeAt(path);
  await client.open("client");
  expect(await client.settings.get("colour")).toBe("blue");
  await client.close();
  expect(traceOf(path)).toEqual(before);
});

test("a client whose file has gone files nothing, and makes none", async () => {
  const folder = scratchFolder();
  const path = join(folder, "millrace.db");
  await closedDatabase(path);
  const client = storeAt(path);
  await client.open("client");
  rmSync(path);
  await expect(client.commit([file("a")])).rejects.toMatchObject({ code: "STORE_MISSING" });
  expect(readdirSync(folder)).toEqual(["millrace.db.lock"]);
});

test("a client refuses a file of a newer version", async () => {
  const path = join(scratchFolder(), "millrace.db");
  await closedDatabase(path);
  alter(path, "PRAGMA user_version = 99");
  await expect(storeAt(path).open("client")).rejects.toMatchObject({ code: "STORE_NEWER" });
});

test("a client that is the last to close leaves one clean file, and needs no engine's lock", async () => {
  const path = join(scratchFolder(), "millrace.db");
  await closedDatabase(path);
  const holder = connect(`${path}.lock`);
  holder.exec("BEGIN EXCLUSIVE");
  const client = storeAt(path);
  await client.open("client");
  expect(await client.commit([file("a"), file("b"), file("a")])).toEqual([
    { status: "filed", requestNo: 1 },
    { status: "filed", requestNo: 2 },
    { status: "filed", requestNo: 1 },
  ]);
  await client.close();
  holder.close();
  expect(readdirSync(join(path, "..")).sort()).toEqual(["millrace.db", "millrace.db.lock"]);
});

test("what a client files is on the disk when it is filed", async () => {
  const path = join(scratchFolder(), "millrace.db");
  await closedDatabase(path);
  let db: DatabaseSync | undefined;
  const client = storeAt(path, {
    onConnect: (connection) => {
      db = connection;
      // As if this SQLite had been built to flush less.
      db.exec("PRAGMA synchronous = NORMAL");
    },
  });
  await client.open("client");
  await client.commit([file("a")]);
  // What SQLite calls 2 is FULL.
  expect(db?.prepare("PRAGMA synchronous").get()?.synchronous).toBe(2);
});

test("a client waits for a group that is being written, in pauses of the clock, and keeps the order", async () => {
  const path = join(scratchFolder(), "millrace.db");
  await closedDatabase(path);
  const clock = new HastyClock();
  const client = storeAt(path, { clock });
  await client.open("client");
  const other = connect(path);
  other.exec("BEGIN IMMEDIATE");
  clock.whenAsleep = () => {
    if (clock.slept.length === 5) other.exec("COMMIT");
  };
  const outcomes = await Promise.all([client.commit([file("a")]), client.commit([file("b")])]);
  expect(outcomes.flat()).toEqual([
    { status: "filed", requestNo: 1 },
    { status: "filed", requestNo: 2 },
  ]);
  expect(clock.slept.length).toBe(5);
  expect(Math.max(...clock.slept)).toBeLessThanOrEqual(20);
  other.close();
});

test("a client that cannot file in time says so, and nothing is filed", async () => {
  const path = join(scratchFolder(), "millrace.db");
  await closedDatabase(path);
  const clock = new HastyClock();
  const client = storeAt(path, { clock, busyLimitMs: 50 });
  await client.open("client");
  const other = connect(path);
  other.exec("BEGIN IMMEDIATE");
  await expect(client.commit([file("lost")])).rejects.toMatchObject({ code: "STORE_BUSY" });
  other.exec("COMMIT");
  expect(await client.requests.pending()).toEqual([]);
  expect(await client.commit([file("kept")])).toMatchObject([{ status: "filed" }]);
  other.close();
});

test("an engine waits for a client's group, and both are stored", async () => {
  const path = join(scratchFolder(), "millrace.db");
  const clock = new HastyClock();
  const engine = storeAt(path, { clock });
  await engine.open("engine");
  let held: DatabaseSync | undefined;
  const client = storeAt(path, {
    onConnect: (db) => {
      held = db;
    },
  });
  await client.open("client");
  await client.commit([file("a")]);
  // The client stops in the middle of a group, as a slow disk would make it.
  held?.exec(
    "BEGIN IMMEDIATE; INSERT INTO requests (request_id, operation, payload, filed_at) VALUES ('b', 'x', '1', 1)",
  );
  clock.whenAsleep = () => {
    if (clock.slept.length === 3) held?.exec("COMMIT");
  };
  await engine.commit([{ kind: "putSetting", key: "k", value: "v", at: noon }, file("c")]);
  expect(clock.slept.length).toBe(3);
  expect((await engine.requests.pending()).map(({ requestId }) => requestId)).toEqual(["a", "b", "c"]);
});

test("a request that finds no room is not filed, and the next one is", async () => {
  const path = join(scratchFolder(), "millrace.db");
  await closedDatabase(path);
  let db: DatabaseSync | undefined;
  const client = storeAt(path, {
    onConnect: (connection) => {
      db = connection;
    },
  });
  await client.open("client");
  await client.commit([file("a")]);
  const pages = Number(db?.prepare("PRAGMA page_count").get()?.page_count);
  db?.exec(`PRAGMA max_page_count = ${pages + 1}`);
  const large = { ...file("large"), payload: JSON.stringify("x".repeat(100_000)) };
  await expect(client.commit([file("b"), large])).rejects.toMatchObject({ code: "STORE_FULL" });
  expect((await client.requests.pending()).map(({ requestId }) => requestId)).toEqual(["a"]);
  expect(await client.commit([file("b")])).toEqual([{ status: "filed", requestNo: 2 }]);
});
