import { join, resolve } from "node:path";
import { definePlugin, type PluginContext } from "@millrace/core/plugin";
import { backup } from "./backup.ts";
import { check } from "./check.ts";
import { migrate } from "./migrate.ts";
import { optionFaults } from "./options.ts";
import { sqlite } from "./sqlite.ts";
import { vacuum } from "./vacuum.ts";

/** What a config file may say; the path defaults to `millrace.db` in the home folder. */
interface ConfigOptions {
  readonly path?: string;
  readonly durability?: "normal" | "full";
  readonly busyLimitMs?: number;
}

/** By this the package can be named as `store` in a config file. */
export const manifest = definePlugin<ConfigOptions>({
  kind: "store",
  name: "@millrace/store-sqlite",
  contractVersion: 1,
  options: {
    // Written by hand, because loading a schema library would take longer than opening the store.
    "~standard": {
      version: 1,
      vendor: "millrace",
      validate(value) {
        if (typeof value !== "object" || value === null || Array.isArray(value)) {
          return { issues: [{ message: "Expected an object of options" }] };
        }
        const faults = optionFaults(value, []);
        if (faults.length === 0) return { value };
        return {
          issues: faults.map(({ option, value, expected }) => ({
            message: `is ${value}, but ${expected}`,
            path: [option],
          })),
        };
      },
    },
  },
  env: [
    { key: "MILLRACE_SQLITE_PATH", option: "path", says: "The database file" },
    {
      key: "MILLRACE_SQLITE_DURABILITY",
      option: "durability",
      says: "normal, or full to flush the disk after each group",
    },
  ],
  create: (options, context) => sqlite({ ...options, path: pathOf(options, context) }),
  inspect: (options, context, { deep }) => check({ path: pathOf(options, context), deep }),
  migrate: (options, context) => migrate({ path: pathOf(options, context) }),
  backup: (options, context, to) => backup({ path: pathOf(options, context), to }),
  vacuum: (options, context) => vacuum({ path: pathOf(options, context) }),
});

function pathOf({ path }: ConfigOptions, { home, baseDir }: PluginContext): string {
  if (path === undefined) return join(home, "millrace.db");
  // What names no file is left as it is, to be refused as such.
  return path.startsWith(":") || path.startsWith("file:") ? path : resolve(baseDir, path);
}
