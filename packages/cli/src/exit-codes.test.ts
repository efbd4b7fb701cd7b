import { readFileSync } from "node:fs";
import { sqliteErrorTable } from "@millrace/store-sqlite";
import { describe, expect, it } from "vitest";
import { cliErrorTable } from "./errors.ts";
import { exitCodeOf } from "./exit-codes.ts";

describe("exit codes", () => {
  it.each([
    [
      2,
      "USAGE_INVALID PARAMS_INVALID DAG_ID_INVALID RUN_ID_INVALID XCOM_KEY_INVALID INSTANT_INVALID CONFIG_INVALID CONFIG_LOAD_FAILED PLUGIN_NOT_FOUND PLUGIN_OPTIONS_INVALID DAG_INVALID DAG_FILE_FAILED POOL_UNKNOWN JSON_INVALID TEMPLATE_UNKNOWN",
    ],
    [
      3,
      "DAG_NOT_FOUND RUN_NOT_FOUND TASK_NOT_FOUND TASK_INSTANCE_NOT_FOUND CONFIG_NOT_FOUND XCOM_ABSENT XCOM_NOT_FOUND RUN_NONE STORE_EMPTY DAGS_FOLDER_MISSING",
    ],
    [4, "STORE_LOCKED STORE_BUSY RUN_EXISTS RUN_ENDED RUN_BLOCKED FILE_EXISTS"],
    [
      5,
      "STORE_CORRUPT STORE_NEWER STORE_READ_ONLY STORE_FULL STORE_FAILED STORE_CLOSED ENGINE_STOPPED FILE_NOT_WRITTEN XCOM_CORRUPT XCOM_READER_MISSING BUNDLE_NOT_KEPT BUNDLE_CORRUPT BUNDLER_FAILED",
    ],
  ])("%i: %s", (exitCode, codes) => {
    for (const code of codes.split(" ")) expect([code, exitCodeOf(code)]).toEqual([code, exitCode]);
  });

  it("stands for every error of the command and the store in the README's words: 2 to 5, never 1", () => {
    for (const code of [...Object.keys(cliErrorTable), ...Object.keys(sqliteErrorTable)])
      expect([code, exitCodeOf(code) >= 2]).toEqual([code, true]);
  });

  it("every error of the command has a cure and is used", () => {
    for (const [code, { says, cure }] of Object.entries(cliErrorTable)) {
      expect(says.length * cure.length, code).toBeGreaterThan(0);
    }
    expect(readFileSync(new URL("./errors.ts", import.meta.url), "utf8")).not.toContain("TODO");
  });
});
