import { join } from "node:path";
import { expect, test } from "vitest";
import { noon, scratchFolder, storeAt } from "../test/scratch.ts";
import type { DatabaseSync } from "./node-sqlite.ts";

const put = { kind: "putSetting", key: "k", value: "v", at: noon } as const;

async function levelsOf(durability: "normal" | "full", ...groups: ({ durability: "normal" | "full" } | undefined)[]) {
  let db: DatabaseSync | undefined;
  const onConnect = (connection: DatabaseSync): void => {
    db = connection;
  };
  const store = storeAt(join(scratchFolder(), "millrace.db"), { durability, onConnect });
  await store.open("engine");
  const levels: unknown[] = [];
  for (const options of groups) {
    await store.commit([put], options);
    levels.push(db?.prepare("PRAGMA synchronous").get()?.synchronous);
  }
  return levels;
}

// What SQLite calls 1 is NORMAL, and 2 is FULL: the disk is flushed before the group counts as stored.
test("a group that asks for full durability is flushed, the next one is not", async () => {
  expect(await levelsOf("normal", undefined, { durability: "full" }, undefined, { durability: "normal" })).toEqual([
    1, 2, 1, 1,
  ]);
});

test("a store with full durability flushes every group that does not ask for less", async () => {
  expect(await levelsOf("full", undefined, { durability: "full" }, { durability: "normal" }, undefined)).toEqual([
    2, 2, 1, 2,
  ]);
});
