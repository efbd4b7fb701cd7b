import { readFileSync } from "node:fs";
import { coreError } from "@millrace/core/plugin";
import { describe, expect, test } from "vitest";
import { isBusy, sqliteErrorTable, storeError } from "./sqlite-errors.ts";

const fromSqlite = (errcode: number) =>
  Object.assign(new Error("as SQLite says"), { code: "ERR_SQLITE_ERROR", errcode });
const fromSystem = (code: string) => Object.assign(new Error("as the system says"), { code });

describe("what SQLite and the file system throw becomes a code of Millrace", () => {
  const cases: readonly [name: string, thrown: unknown, code: string][] = [
    ["SQLITE_BUSY", fromSqlite(5), "STORE_BUSY"],
    ["SQLITE_BUSY_RECOVERY", fromSqlite(261), "STORE_BUSY"],
    ["SQLITE_LOCKED", fromSqlite(6), "STORE_BUSY"],
    ["SQLITE_READONLY", fromSqlite(8), "STORE_READ_ONLY"],
    ["SQLITE_READONLY_DIRECTORY", fromSqlite(1544), "STORE_READ_ONLY"],
    ["SQLITE_CANTOPEN", fromSqlite(14), "STORE_READ_ONLY"],
    ["SQLITE_CORRUPT", fromSqlite(11), "STORE_CORRUPT"],
    ["SQLITE_NOTADB", fromSqlite(26), "STORE_CORRUPT"],
    ["SQLITE_FULL", fromSqlite(13), "STORE_FULL"],
    ["SQLITE_IOERR_SHMSIZE", fromSqlite(4874), "STORE_FULL"],
    ["SQLITE_IOERR_FSYNC", fromSqlite(1034), "STORE_DEVICE_FAILED"],
    ["SQLITE_IOERR_DIR_FSYNC", fromSqlite(1290), "STORE_DEVICE_FAILED"],
    ["SQLITE_IOERR", fromSqlite(10), "STORE_FAILED"],
    ["SQLITE_CONSTRAINT", fromSqlite(19), "STORE_FAILED"],
    ["ENOSPC", fromSystem("ENOSPC"), "STORE_FULL"],
    ["EACCES", fromSystem("EACCES"), "STORE_READ_ONLY"],
    ["EROFS", fromSystem("EROFS"), "STORE_READ_ONLY"],
    ["ENOTDIR", fromSystem("ENOTDIR"), "STORE_READ_ONLY"],
    ["EMFILE", fromSystem("EMFILE"), "STORE_FAILED"],
    ["no error at all", "text", "STORE_FAILED"],
  ];
  test.each(cases)("%s", (_name, thrown, code) => {
    const error = storeError("/data/millrace.db", thrown);
    expect(error).toMatchObject({ code, cause: thrown });
    expect(error.message).not.toMatch(/\{\w+\}/);
  });

  test("an error of Millrace stays what it is", () => {
    const error = coreError("STORE_CLOSED");
    expect(storeError("/data/millrace.db", error)).toBe(error);
  });

  test("only a lock is worth another try", () => {
    expect([5, 261, 517, 6, 13, 11, 0].map((code) => isBusy(fromSqlite(code)))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(isBusy(new Error("busy"))).toBe(false);
  });
});

test("the README lists every code of this package", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  for (const code of Object.keys(sqliteErrorTable)) expect(readme).toContain(`\`${code}\``);
});
