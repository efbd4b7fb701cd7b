import { xcomBackend } from "@millrace/core/plugin";
import { gzip } from "@millrace/xcom-gzip";
import { expect, test } from "vitest";
import type { Fault, Scene } from "./fault.ts";
import { faults } from "./faults.ts";
import { tryOne } from "./try-one.ts";

const scene: Scene = {
  value: Array.from({ length: 500 }, (_, id) => ({ id })),
  address: { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "k" },
  folder: "/nowhere",
  bucket: undefined,
};

/** A fault of the table, with another way of reading. */
const changed = (readings: Partial<Awaited<ReturnType<Fault["stage"]>>>): Fault => ({
  ...faults.reader_missing,
  stage: async (given) => ({ ...(await faults.reader_missing.stage(given)), ...readings }),
});

test("what fails by its code and is mended is told", async () => {
  expect(await tryOne("reader_missing", faults.reader_missing, scene)).toMatchObject({
    fault: "reader_missing",
    code: "XCOM_READER_MISSING",
    is_mended: true,
  });
});

test.each<[string, Fault, string]>([
  ["a broken value that can be read", changed({ read: async () => scene.value }), "as if nothing had happened"],
  [
    "another error",
    changed({ read: () => Promise.reject(new Error("out of order")) }),
    "XCOM_READER_MISSING was expected",
  ],
  ["another code", { ...faults.reader_missing, code: "XCOM_FILE_MISSING" }, "XCOM_FILE_MISSING was expected"],
  ["a mended value that is another one", changed({ readMended: async () => [] }), "another one"],
])("%s fails the task", async (_, fault, words) => {
  await expect(tryOne("reader_missing", fault, scene)).rejects.toThrow(words);
});

test("a bomb of the table unpacks where it is allowed to", async () => {
  const stored = await xcomBackend([gzip()]).serialize("0".repeat(33_554_432), scene.address);
  expect(JSON.stringify(stored).length).toBeLessThan(100_000);
  expect(await xcomBackend([gzip()]).deserialize(stored, scene.address)).toHaveLength(33_554_432);
});
