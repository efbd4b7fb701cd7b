import { join } from "node:path";
import { isPluginManifest } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import { scratchFolder } from "../test/scratch.ts";
import { manifest } from "./index.ts";

test("the manifest makes, looks over and migrates the store of a config file", async () => {
  const folder = scratchFolder();
  const context = { home: join(folder, ".millrace"), baseDir: folder, env: {} };
  expect(isPluginManifest(manifest)).toBe(true);
  const nothing = await manifest.inspect?.({}, context, { deep: true });
  const path = join(folder, ".millrace", "millrace.db");
  expect(nothing).toMatchObject({
    location: path,
    path,
    exists: false,
    schema: { found: null, known: 4 },
    problems: [],
  });
  expect(await manifest.migrate?.({}, context)).toEqual({
    location: path,
    from: null,
    to: 4,
    applied: ["0001-initial.sql", "0002-operations.sql", "0003-envelopes.sql", "0004-time.sql"],
  });
  expect(await manifest.migrate?.({}, context)).toEqual({ location: path, from: 4, to: 4, applied: [] });
  const store = manifest.create({ durability: "full" }, context);
  expect(await store.open("engine")).toEqual({ epoch: 1 });
  await expect(manifest.migrate?.({}, context)).rejects.toMatchObject({ code: "STORE_LOCKED" });
  const found = await manifest.inspect?.({}, context, { deep: false });
  expect(found).toMatchObject({ exists: true, schema: { found: 4, known: 4 }, problems: [] });
  expect(found?.sizeBytes).toBeGreaterThan(4_096);
  const to = join(folder, "copy.db");
  expect(await manifest.backup?.({}, context, to)).toMatchObject({ location: to });
  await store.close();
  expect(await manifest.vacuum?.({}, context)).toMatchObject({ location: path });
});

test("a relative path counts from the folder of the config file", async () => {
  const folder = scratchFolder();
  const found = await manifest.inspect?.(
    { path: "data/runs.db" },
    { home: "/nowhere", baseDir: folder, env: {} },
    { deep: false },
  );
  expect(found?.location).toBe(join(folder, "data", "runs.db"));
  expect(() => manifest.create({ path: ":memory:" }, { home: "/nowhere", baseDir: folder, env: {} })).toThrow(
    expect.objectContaining({ code: "SQLITE_PATH_INVALID" }),
  );
});

test("options of a config file are checked, each with its name", async () => {
  const validate = manifest.options["~standard"].validate;
  expect(await validate({ path: "a.db", durability: "full", busyLimitMs: 5 })).toEqual({
    value: { path: "a.db", durability: "full", busyLimitMs: 5 },
  });
  expect(await validate({})).toEqual({ value: {} });
  expect(await validate("a.db")).toMatchObject({ issues: [{ message: "Expected an object of options" }] });
  const { issues } = await validate({ path: 5, durability: "fast", busyLimitMs: -1, size: 3 });
  expect(issues?.map(({ path, message }) => [path?.[0], message])).toEqual([
    ["path", "is 5, but it is the path of a file"],
    ["durability", "is \"fast\", but it is 'normal' or 'full'"],
    ["busyLimitMs", "is -1, but it is a number of milliseconds, 0 or more"],
    ["size", "is 3, but the options are path, durability, busyLimitMs, clock"],
  ]);
});
