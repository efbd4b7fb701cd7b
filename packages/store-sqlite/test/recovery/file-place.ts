import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { XComPlace } from "@millrace/core/plugin";

/** A place of files named after their content: values of more than 1,000 bytes, complete or not there. */
export function filePlace(folder: string): XComPlace {
  let writes = 0;
  const pathOf = (name: unknown): string => join(folder, String(name).replaceAll(/[^0-9a-f]/g, ""));
  return {
    kind: "place",
    name: "test-file",
    marker: "_xcom_test_file",
    async put(bytes) {
      if (bytes.length < 1_000) return undefined;
      const name = createHash("sha256").update(bytes).digest("hex");
      await mkdir(folder, { recursive: true });
      const unfinished = `${pathOf(name)}.${process.pid}-${++writes}.tmp`;
      try {
        await writeFile(unfinished, bytes);
        await rename(unfinished, pathOf(name));
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
      return { _xcom_test_file: true, name };
    },
    get: ({ name }) => readFile(pathOf(name)),
    refOf: ({ name }) => String(name),
    remove: async (names) => void (await Promise.all(names.map((name) => rm(pathOf(name), { force: true })))),
  };
}
