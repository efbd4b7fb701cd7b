import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Change } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import { alter, closedDatabase, noon, scratchFolder, storeAt, traceOf } from "../test/scratch.ts";
import { connect } from "./database-file.ts";
import { check, vacuum } from "./index.ts";

const put = (key: string, value: string | null): Change => ({ kind: "putSetting", key, value, at: noon });

/** A file with a megabyte that was removed from it. */
async function looseDatabase(path: string): Promise<void> {
  const store = storeAt(path);
  await store.open("engine");
  await store.commit([
    put("kept", "x".repeat(10_000)),
    ...Array.from({ length: 10 }, (_, n) => put(`k${n}`, "y".repeat(100_000))),
  ]);
  await store.commit(Array.from({ length: 10 }, (_, n) => put(`k${n}`, null)));
  await store.close();
}

test("a file shrinks to what is in it, is sound, keeps its mode, and counts on where it was", async () => {
  const path = join(scratchFolder(), "millrace.db");
  await looseDatabase(path);
  const before = statSync(path);
  expect(before.size).toBeGreaterThan(1_000_000);
  const done = await vacuum({ path });
  const after = statSync(path);
  expect(done).toEqual({ location: path, sizeBeforeBytes: before.size, sizeBytes: after.size });
  expect(after.size).toBeLessThan(400_000);
  expect([after.ino, after.mode]).toEqual([before.ino, before.mode]);
  expect(existsSync(`${path}-wal`)).toBe(false);
  expect((await check({ path })).problems).toEqual([]);
  const store = storeAt(path);
  expect(await store.open("engine")).toEqual({ epoch: 2 });
  expect(await store.settings.get("kept")).toBe("x".repeat(10_000));
});

test("the file of an engine that works is left alone, and so is what is no store", async () => {
  const folder = scratchFolder();
  const path = join(folder, "millrace.db");
  await closedDatabase(path);
  const engine = storeAt(path);
  await engine.open("engine");
  await expect(vacuum({ path })).rejects.toMatchObject({ code: "STORE_LOCKED" });
  await engine.commit([put("k", "v")]);
  await engine.close();
  await expect(vacuum({ path: join(folder, "none.db") })).rejects.toMatchObject({ code: "STORE_MISSING" });
  expect(existsSync(join(folder, "none.db.lock"))).toBe(false);
  await expect(vacuum({ path: ":memory:" })).rejects.toMatchObject({ code: "SQLITE_PATH_INVALID" });
  alter(path, "PRAGMA user_version = 99");
  const trace = traceOf(path);
  await expect(vacuum({ path })).rejects.toMatchObject({ code: "STORE_NEWER" });
  expect(traceOf(path)).toEqual(trace);
});

test("a reader between two readings is no hindrance, and sees the same afterwards; one in the middle of one is", async () => {
  const path = join(scratchFolder(), "millrace.db");
  await looseDatabase(path);
  const reader = storeAt(path);
  await reader.open("reader");
  expect(await reader.settings.get("kept")).toHaveLength(10_000);
  const { sizeBytes } = await vacuum({ path });
  expect(sizeBytes).toBeLessThan(400_000);
  expect(await reader.settings.get("kept")).toHaveLength(10_000);

  const other = connect(path);
  other.exec("BEGIN; SELECT count(*) FROM settings");
  await expect(vacuum({ path, busyLimitMs: 1 })).rejects.toMatchObject({ code: "STORE_BUSY" });
  expect(other.prepare("SELECT length(value) AS length FROM settings WHERE key = 'kept'").get()?.length).toBe(10_000);
  other.close();
  await vacuum({ path });
  expect((await check({ path })).problems).toEqual([]);
});
