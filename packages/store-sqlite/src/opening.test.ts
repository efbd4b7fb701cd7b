import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { alter, closedDatabase, noon, scratchFolder, storeAt, traceOf } from "../test/scratch.ts";
import { check } from "./check.ts";
import { applicationId } from "./database-file.ts";
import { sqlite } from "./index.ts";
import { migrate } from "./migrate.ts";

describe("a new file", () => {
  test("is made with its folders, readable by its owner only", async () => {
    const path = join(scratchFolder(), "new", "er", "millrace.db");
    const store = storeAt(path);
    await store.open("engine");
    const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
    expect(mode(join(path, ".."))).toBe("700");
    expect(mode(join(path, "..", ".."))).toBe("700");
    for (const suffix of ["", "-wal", "-shm", ".lock"]) expect(mode(path + suffix)).toBe("600");
  });

  test("is one clean file when the last store is closed", async () => {
    const path = join(scratchFolder(), "millrace.db");
    await closedDatabase(path);
    expect(readdirSync(join(path, "..")).sort()).toEqual(["millrace.db", "millrace.db.lock"]);
    expect((await check({ path })).problems).toEqual([]);
  });

  test("is one clean file also when a reader or a check comes last", async () => {
    const path = join(scratchFolder(), "millrace.db");
    const engine = storeAt(path);
    await engine.open("engine");
    const reader = storeAt(path);
    await reader.open("reader");
    expect(await reader.dags.list()).toEqual([]);
    await engine.commit([{ kind: "putSetting", key: "colour", value: "blue", at: noon }]);
    await engine.close();
    expect(await reader.settings.get("colour")).toBe("blue");
    await reader.close();
    expect((await check({ path })).problems).toEqual([]);
    expect(readdirSync(join(path, "..")).sort()).toEqual(["millrace.db", "millrace.db.lock"]);
  });

  test("may have any name", async () => {
    const path = join(scratchFolder(), "a b%20c#d?e=f&mode=ro'.db");
    await closedDatabase(path);
    const reader = storeAt(path);
    await reader.open("reader");
    expect(await reader.settings.get("colour")).toBe("blue");
    expect(existsSync(path)).toBe(true);
  });

  test("that exists but is empty is taken", async () => {
    const path = join(scratchFolder(), "millrace.db");
    writeFileSync(path, "");
    await closedDatabase(path);
    expect((await check({ path })).problems).toEqual([]);
  });

  test("is not made by a reader, who sees nothing until an engine makes it", async () => {
    const path = join(scratchFolder(), "millrace.db");
    const reader = storeAt(path);
    await reader.open("reader");
    expect(await reader.dags.list()).toEqual([]);
    expect(await reader.runs.active()).toEqual([]);
    expect(readdirSync(join(path, ".."))).toEqual([]);
    await closedDatabase(path);
    expect(await reader.settings.get("colour")).toBe("blue");
  });
});

describe("a file that cannot be used is left as it was:", () => {
  const cases: readonly { name: string; code: string; says: RegExp; spoil(path: string): void }[] = [
    {
      name: "written by a newer version",
      code: "STORE_NEWER",
      says: /schema 99/,
      spoil: (path) => alter(path, "PRAGMA user_version = 99"),
    },
    {
      name: "no database at all",
      code: "STORE_CORRUPT",
      says: /not a database/,
      spoil: (path) => writeFileSync(path, "colour = blue\n".repeat(1_000)),
    },
    {
      name: "shorter than a header",
      code: "STORE_CORRUPT",
      says: /too short/,
      spoil: (path) => writeFileSync(path, "x"),
    },
    { name: "cut off", code: "STORE_CORRUPT", says: /malformed/, spoil: (path) => truncateSync(path, 8_192) },
    {
      name: "with a first page of zeros after its header",
      code: "STORE_CORRUPT",
      says: /malformed|not a database/,
      spoil: (path) => writeFileSync(path, readFileSync(path).fill(0, 100, 4_096)),
    },
    {
      name: "the database of another program",
      code: "STORE_CORRUPT",
      says: /another program/,
      spoil: (path) => alter(path, "PRAGMA application_id = 7"),
    },
  ];

  for (const { name, code, says, spoil } of cases) {
    test(name, async () => {
      const path = join(scratchFolder(), "millrace.db");
      await closedDatabase(path);
      spoil(path);
      const before = traceOf(path);
      for (const mode of ["engine", "reader"] as const) {
        const store = storeAt(path);
        await expect(store.open(mode)).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
        await store.close();
      }
      await expect(migrate({ path })).rejects.toMatchObject({ code });
      expect((await check({ path })).problems).toMatchObject([{ code }]);
      expect(traceOf(path)).toEqual(before);
    });
  }

  test("a database of SQLite that was never ours", async () => {
    const path = join(scratchFolder(), "other.db");
    alter(path, "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')");
    const before = traceOf(path);
    await expect(storeAt(path).open("engine")).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    expect(traceOf(path)).toEqual(before);
  });

  test("written by a newer version that crashed, so that its last writes are still beside it", async () => {
    const path = join(scratchFolder(), "millrace.db");
    await closedDatabase(path);
    const copy = join(scratchFolder(), "millrace.db");
    const store = storeAt(path, { onConnect: (db) => db.exec("PRAGMA user_version = 99") });
    await store.open("engine");
    for (const suffix of ["", "-wal"]) writeFileSync(copy + suffix, readFileSync(path + suffix));
    const before = [readFileSync(copy), readFileSync(`${copy}-wal`)];
    await expect(storeAt(copy).open("engine")).rejects.toMatchObject({ code: "STORE_NEWER" });
    expect([readFileSync(copy), readFileSync(`${copy}-wal`)]).toEqual(before);
  });

  test("a folder", async () => {
    const path = join(scratchFolder(), "millrace.db");
    mkdirSync(path);
    await expect(storeAt(path).open("engine")).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    expect(readdirSync(path)).toEqual([]);
  });
});

describe("a damaged page inside", () => {
  test("is told as corruption when it is met, and the group that met it is not stored", async () => {
    const path = join(scratchFolder(), "millrace.db");
    const first = storeAt(path);
    await first.open("engine");
    await first.commit([{ kind: "putSetting", key: "k", value: "x".repeat(20_000), at: noon }]);
    await first.close();
    // Every page but the first, so that the schema is read and rows are not.
    const bytes = readFileSync(path);
    const rootOfSettings = bytes.length;
    writeFileSync(path, bytes.fill(0xff, 4_096, rootOfSettings));
    expect((await check({ path })).problems[0]).toMatchObject({ code: "STORE_CORRUPT" });
    const store = storeAt(path);
    await expect(store.open("engine")).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    // The claim is given back.
    const again = storeAt(path);
    await expect(again.open("engine")).rejects.toMatchObject({ code: "STORE_CORRUPT" });
  });
});

describe("a place that cannot be written", () => {
  // Root may write everywhere, but not even root can make a folder inside a file or in a file system without files.
  test("is told as such, also to root", async () => {
    const file = join(scratchFolder(), "file");
    writeFileSync(file, "");
    for (const path of [join(file, "millrace.db"), join(file, "deep", "millrace.db"), "/proc/millrace/millrace.db"]) {
      await expect(storeAt(path).open("engine")).rejects.toMatchObject({
        code: "STORE_READ_ONLY",
        message: expect.stringContaining(path),
      });
    }
  });

  test("refuses a group when the file turns read-only under the engine", async () => {
    const store = storeAt(join(scratchFolder(), "millrace.db"), {
      onConnect: (db) => queueMicrotask(() => db.exec("PRAGMA query_only = ON")),
    });
    await store.open("engine");
    await expect(store.commit([{ kind: "putSetting", key: "k", value: "v", at: noon }])).rejects.toMatchObject({
      code: "STORE_READ_ONLY",
    });
    expect(await store.settings.get("k")).toBeUndefined();
  });
});

test("a path that names no file is refused at once", () => {
  for (const path of ["", ":memory:", "file:x.db", "a\0b", undefined as unknown as string, 5 as unknown as string]) {
    expect(() => sqlite({ path })).toThrow(expect.objectContaining({ code: "SQLITE_PATH_INVALID" }));
  }
});

test("an option of the wrong kind is refused at once", () => {
  const path = "x.db";
  for (const options of [
    { durability: "fast" },
    { busyLimitMs: -1 },
    { busyLimitMs: Number.NaN },
    { clock: {} },
    { cache: 1 },
  ]) {
    expect(() => sqlite({ path, ...options } as never)).toThrow(
      expect.objectContaining({ code: "SQLITE_OPTION_INVALID" }),
    );
  }
});

test("the mark in the file is the one that was given out", () => {
  expect(Buffer.from(applicationId.toString(16), "hex").toString()).toBe("MILR");
});
