import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alter, closedDatabase, noon, scratchFolder, storeAt, traceOf } from "../test/scratch.ts";
import { backup, check } from "./index.ts";

test("a copy is one file for its owner only, sound, and has what was stored", async () => {
  const folder = scratchFolder();
  const path = join(folder, "millrace.db");
  const store = storeAt(path);
  await store.open("engine");
  await store.commit([{ kind: "putSetting", key: "colour", value: "blue", at: noon }]);
  const to = join(folder, "copy.db");
  const made = await backup({ path, to });
  expect(made).toEqual({ location: to, sizeBytes: statSync(to).size, pages: made.pages });
  expect(made.pages * 4_096).toBe(made.sizeBytes);
  expect((statSync(to).mode & 0o777).toString(8)).toBe("600");
  expect(readdirSync(folder).filter((name) => !name.startsWith("millrace.db"))).toEqual(["copy.db"]);
  expect((await check({ path: to })).problems).toEqual([]);
  const copy = storeAt(to);
  // The copy is a database of its own: the engine of the original has no claim on it.
  expect(await copy.open("engine")).toEqual({ epoch: 2 });
  expect(await copy.settings.get("colour")).toBe("blue");
});

test("a copy made while groups are being written ends between two of them", async () => {
  const folder = scratchFolder();
  const path = join(folder, "millrace.db");
  const store = storeAt(path, { walThresholdBytes: 1 << 20 });
  await store.open("engine");
  const text = "x".repeat(5_000);
  const write = (count: number) =>
    store.commit(
      ["a", "b", "c"].map((key) => ({ kind: "putSetting", key: `${key}${count}`, value: text, at: noon }) as const),
    );
  let count = 0;
  while (count < 300) await write(++count);
  for (let round = 0; round < 3; round++) {
    const to = join(folder, `copy-${round}.db`);
    const before = count;
    let isMade = false;
    const made = backup({ path, to }).finally(() => {
      isMade = true;
    });
    while (!isMade) {
      await write(++count);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await made;
    const copy = storeAt(to);
    await copy.open("reader");
    let last = 0;
    while ((await copy.settings.get(`a${last + 1}`)) !== undefined) last++;
    expect(last).toBeGreaterThanOrEqual(before);
    expect(await copy.settings.get(`c${last}`)).toBe(text);
    expect(await copy.settings.get(`b${last + 1}`)).toBeUndefined();
    await copy.close();
  }
});

test("what is there already is not written over, and the original is left as it was", async () => {
  const folder = scratchFolder();
  const path = join(folder, "millrace.db");
  await closedDatabase(path);
  const before = traceOf(path);
  const to = join(folder, "copy.db");
  writeFileSync(to, "mine");
  await expect(backup({ path, to })).rejects.toMatchObject({ code: "SQLITE_BACKUP_EXISTS" });
  await expect(backup({ path, to: path })).rejects.toMatchObject({ code: "SQLITE_BACKUP_EXISTS" });
  await expect(backup({ path, to: folder })).rejects.toMatchObject({ code: "SQLITE_BACKUP_EXISTS" });
  expect(readFileSync(to, "utf8")).toBe("mine");
  expect(traceOf(path)).toEqual(before);
  expect(readdirSync(folder).sort()).toEqual(["copy.db", "millrace.db", "millrace.db.lock"]);
});

test("a file of an older schema is copied as it is", async () => {
  const folder = scratchFolder();
  const path = join(folder, "millrace.db");
  await closedDatabase(path);
  alter(path, "PRAGMA user_version = 1");
  await backup({ path, to: join(folder, "copy.db") });
  expect((await check({ path: join(folder, "copy.db") })).schema.found).toBe(1);
});

test("no copy is left of what cannot be copied, or where it cannot be put", async () => {
  const folder = scratchFolder();
  const path = join(folder, "millrace.db");
  const to = join(folder, "copy.db");
  await expect(backup({ path, to })).rejects.toMatchObject({ code: "STORE_MISSING" });
  writeFileSync(path, "");
  await expect(backup({ path, to })).rejects.toMatchObject({ code: "STORE_MISSING" });
  await closedDatabase(path);
  await expect(backup({ path, to: ":memory:" })).rejects.toMatchObject({ code: "SQLITE_PATH_INVALID" });
  await expect(backup({ path, to: join(folder, "no", "copy.db") })).rejects.toMatchObject({
    code: "STORE_READ_ONLY",
    message: expect.stringContaining(join(folder, "no", "copy.db")),
  });
  const store = storeAt(path);
  await store.open("engine");
  await store.commit([{ kind: "putSetting", key: "large", value: "x".repeat(20_000), at: noon }]);
  await store.close();
  // The last page is one of that long value, which nothing reads to open the file.
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xff, bytes.length - 4_096));
  await expect(backup({ path, to })).rejects.toMatchObject({
    code: "STORE_CORRUPT",
    message: expect.stringContaining(path),
  });
  mkdirSync(join(folder, "other"));
  expect(readdirSync(folder).filter((name) => name.startsWith("copy"))).toEqual([]);
});

test("a backup that is killed leaves no file of the name asked for, or a whole one", { timeout: 60_000 }, async () => {
  const folder = scratchFolder();
  const path = join(folder, "millrace.db");
  const store = storeAt(path);
  await store.open("engine");
  await store.commit([{ kind: "putSetting", key: "large", value: "x".repeat(30_000_000), at: noon }]);
  const program = `
    import { watch } from "node:fs";
    import { backup } from "${new URL("./index.ts", import.meta.url)}";
    // What appears first is the beginning of the copy.
    watch(${JSON.stringify(folder)}, (_, name) => { if (name?.startsWith("copy")) process.kill(process.pid, "SIGKILL"); });
    await backup({ path: ${JSON.stringify(path)}, to: process.argv[1] });
  `;
  for (const name of ["copy-1.db", "copy-2.db"]) {
    const to = join(folder, name);
    const args = ["--conditions=millrace-source", "--input-type=module", "--eval", program, to];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
    expect(await new Promise((resolve) => child.once("close", (_, signal) => resolve(signal)))).toBe("SIGKILL");
    const found = await check({ path: to });
    expect(found.problems).toEqual([]);
    if (found.exists) expect(found.schema.found).toBe(found.schema.known);
  }
});
