import { mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseSettings, settingNames } from "../../src/config/config-schema.ts";
import { environmentKeys } from "../../src/config/environment.ts";
import { exportedDags } from "../../src/config/exported-dags.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { isPluginName } from "../../src/config/plugin-kinds.ts";
import { isMillraceError } from "../../src/errors.ts";
import { dag } from "../../src/index.ts";
import { hostileTexts, isSafeToShow, named, notText } from "./hostile-values.ts";

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-hostile-")));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What no setting takes. */
const wrongEverywhere: readonly unknown[] = [
  null,
  Number.NaN,
  -1,
  1.5,
  5n,
  true,
  "",
  "nul\0byte",
  Symbol("setting"),
  [null],
  [[[]]],
  new Map([["default_pool", 1]]),
  new Date(0),
  () => "./dags",
  { toString: () => "./dags" },
];

function withSetting(setting: string, value: unknown): unknown {
  return setting.split(".").reduceRight((inside: unknown, step): unknown => ({ [step]: inside }), value);
}

/** Reads settings and gives what is said; the process must survive it. */
function said(raw: unknown): string[] {
  return parseSettings(raw).mistakes.map(({ message }) => {
    if (!isSafeToShow(message)) throw new Error(`an unsafe message: ${JSON.stringify(message.slice(0, 200))}`);
    return message;
  });
}

describe("a config object", () => {
  test.each(settingNames)("with a wrong type is refused by name: %s", (setting) => {
    const taken = wrongEverywhere.filter((value) => said(withSetting(setting, value)).length === 0);
    expect(taken.map(named)).toEqual([]);
    for (const value of wrongEverywhere)
      expect(said(withSetting(setting, value)).join()).toContain(setting.split(".")[0]);
  });

  test.each([...hostileTexts, "__proto__", "constructor"])(
    "with an odd key is refused, and safe to tell of: %j",
    (key) => {
      for (const raw of [
        Object.fromEntries([[key, 1]]),
        { pools: Object.fromEntries([[key, 1]]) },
        { xcom: Object.fromEntries([[key, 1]]) },
        { xcom: { parts: Object.fromEntries([[key, {}]]) } },
      ]) {
        const isName = "xcom" in raw && "parts" in (raw.xcom as object) && isPluginName(key) && key !== "constructor";
        expect(said(raw).length > 0, named(raw)).toBe(!isName);
      }
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );

  test("with getters that throw, and proxies, is refused without what they threw", () => {
    const trap = (): never => {
      throw new Error("hunter2");
    };
    for (const raw of [
      {
        get dags() {
          return trap();
        },
      },
      {
        xcom: {
          get backend() {
            return trap();
          },
        },
      },
      { pools: new Proxy({}, { ownKeys: trap, get: trap, getPrototypeOf: trap }) },
      new Proxy({}, { get: trap, has: trap, ownKeys: trap }),
    ]) {
      expect(said(raw).join()).toMatch(/is expected|are expected/);
      expect(said(raw).join()).not.toContain("hunter2");
    }
  });

  test("that is deep, circular or wide ends in a list of mistakes", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = { deep };
    const circle: Record<string, unknown> = {};
    for (let key = 0; key < 50; key++) circle[`k${key}`] = circle;
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, key) => [`k${key}`, key]));
    for (const value of [deep, circle, wide]) {
      expect(said({ pools: value }).length).toBeGreaterThan(0);
      expect(said(value).length).toBeGreaterThan(0);
      expect(said({ store: ["pkg", value] })).toEqual([]);
    }
  });
});

describe("a config file", () => {
  const refused = async (name: string, text: string): Promise<string> => {
    writeFileSync(join(folder, name), text);
    const error = await loadConfig({ config: join(folder, name), env: {} }).catch((thrown: unknown) => thrown);
    if (!isMillraceError(error)) throw new Error(`not refused by a code: ${String(error)}`);
    expect(isSafeToShow(error.message)).toBe(true);
    return error.code;
  };

  test("of 100 MB is not loaded", async () => {
    const path = join(folder, "large.mjs");
    writeFileSync(path, "export default {};");
    truncateSync(path, 100_000_000);
    await expect(loadConfig({ config: path, env: {} })).rejects.toThrow("it has 100000000 bytes, more than 2097152");
  });

  test.each([
    ["throws", `throw new Error("boom");`, "CONFIG_LOAD_FAILED"],
    ["throws nothing", `throw undefined;`, "CONFIG_LOAD_FAILED"],
    ["throws what cannot be read", `throw Object.create(null);`, "CONFIG_LOAD_FAILED"],
    ["does not parse", `export default {`, "CONFIG_LOAD_FAILED"],
    ["has no default", `export const dags = "x";`, "CONFIG_LOAD_FAILED"],
    ["gives a function", `export default () => ({});`, "CONFIG_INVALID"],
    ["gives a promise", `export default Promise.resolve({ dags: "x" });`, "CONFIG_INVALID"],
    ["gives a class", `export default class { static get dags() { throw new Error("boom"); } }`, "CONFIG_INVALID"],
    ["gives null", `export default null;`, "CONFIG_INVALID"],
    ["reaches into other objects", `export default JSON.parse('{"__proto__":{"dags":"x"}}');`, "CONFIG_INVALID"],
  ])("that %s is refused by a code", async (what, text, code) => {
    expect(await refused(`${what.replaceAll(" ", "-")}.mjs`, text)).toBe(code);
  });
});

describe("the environment", () => {
  test.each(environmentKeys.map(({ key }) => key))(
    "%s full of garbage is refused by a code, or taken as it is",
    async (key) => {
      const wrong: string[] = [];
      for (const text of [
        ...hostileTexts,
        "-1",
        "1e9",
        "Infinity",
        "0x10",
        "NaN",
        "5 5",
        "9".repeat(400),
        "[object Object]",
      ]) {
        const error = await loadConfig({ cwd: folder, env: { [key]: text } }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error === undefined) continue;
        if (!isMillraceError(error)) wrong.push(`${named(text)}: ${String(error)}`);
        else if (!isSafeToShow(error.message)) wrong.push(`${named(text)}: unsafe message`);
      }
      expect(wrong).toEqual([]);
    },
  );

  test.each(environmentKeys.filter(({ parse }) => typeof parse("5") === "number"))(
    "$key takes whole numbers only, and names itself when it refuses",
    async ({ key }) => {
      for (const text of ["-1", "1e9", "Infinity", "0x10", "NaN", "5 5", "1.5", "0", "9".repeat(400)])
        await expect(loadConfig({ cwd: folder, env: { [key]: text } })).rejects.toThrow(`${key} is `);
    },
  );
});

describe("what a DAG file exports", () => {
  const hello = dag("hello", {}, () => undefined);

  test("is looked through for DAGs, however odd the rest is", () => {
    const exports = {
      hello,
      ...Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`object${at}`, { at }])),
      ...Object.fromEntries(notText.map((value, at) => [`odd${at}`, value])),
      endless: {
        *[Symbol.iterator]() {
          for (;;) yield 5;
        },
      },
      endlessDags: {
        *[Symbol.iterator]() {
          for (;;) yield hello;
        },
      },
      statics: Object.defineProperty(() => undefined, Symbol.iterator, {
        get: () => {
          throw new Error("boom");
        },
      }),
      client: new Proxy(
        {},
        {
          get: (_, key) => {
            throw new Error(String(key));
          },
        },
      ),
    };
    expect(exportedDags(exports)).toEqual([hello]);
  });
});
