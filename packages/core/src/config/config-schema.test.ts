import { describe, expect, it } from "vitest";
import { memoryStore } from "../store/memory-store.ts";
import type { XComStage } from "../xcom/parts.ts";
import { parseSettings } from "./config-schema.ts";
import { isPluginName } from "./plugin-kinds.ts";

const messages = (raw: unknown): string[] => parseSettings(raw).mistakes.map((mistake) => mistake.message);

const stage: XComStage = {
  kind: "stage",
  name: "upper",
  marker: "_xcom_upper",
  bytesField: "data",
  effect: "other",
  write: async () => undefined,
  read: async (bytes) => bytes,
};

describe("parseSettings", () => {
  it("accepts an empty object and every kind of plug-in reference", () => {
    const raw = {
      store: memoryStore(),
      xcom: {
        backend: ["@millrace/xcom-gzip", ["@millrace/xcom-file", { dir: "x" }], stage],
        parts: { "./my-part.ts": {} },
      },
    };
    expect(parseSettings({}).mistakes).toEqual([]);
    expect(parseSettings(raw).mistakes).toEqual([]);
  });

  it("takes a single backend for a list of one", () => {
    expect(parseSettings({ xcom: { backend: "@millrace/xcom-gzip" } }).settings.xcom?.backend).toEqual([
      "@millrace/xcom-gzip",
    ]);
    expect(parseSettings({ xcom: { backend: stage } }).settings.xcom?.backend).toEqual([stage]);
  });

  it("lists every mistake at once, each with its path and the value seen", () => {
    expect(
      messages({
        dags: 3,
        pools: { warehouse: -1, other: 2.5 },
        concurrency: "many",
        xcom: { backend: ["ok", 7], maxValueBytes: 0 },
        threads: { max: 0, maxMemoryMb: 1, env: ["PATH", 3] },
        killGrace: "soon",
        maxCrashes: 0,
      }),
    ).toEqual([
      "dags is 3, but the path of a folder is expected",
      "xcom.backend.1 is 7, but a package name, a pair [name, options] or a live part is expected",
      "xcom.maxValueBytes is 0, but a whole number of bytes from 1 up is expected",
      "pools.warehouse is -1, but a whole number of slots from 1 up under a pool's name is expected",
      "pools.other is 2.5, but a whole number of slots from 1 up under a pool's name is expected",
      'concurrency is "many", but a whole number from 1 to 100000 is expected',
      "threads.max is 0, but a whole number from 1 to 10000 is expected",
      "threads.maxMemoryMb is 1, but a whole number of megabytes from 16 up is expected",
      "threads.env.1 is 3, but the name of a variable is expected",
      "killGrace is \"soon\", but a duration such as '5s' is expected",
      "maxCrashes is 0, but a whole number from 1 up is expected",
    ]);
  });

  it("names an unknown setting and the ones there are", () => {
    const [top, inner] = parseSettings({ dag: "x", xcom: { backends: [] } }).mistakes;
    expect([top.code, inner.code]).toEqual(["SETTING_UNKNOWN", "SETTING_UNKNOWN"]);
    expect(parseSettings({ xcom: { backends: [] } }).mistakes[0].cure).toBe(
      "Remove it, or use one of: backend, parts, maxValueBytes, timeout.",
    );
  });

  it("masks what stands under a secret name", () => {
    expect(messages({ xcom: { parts: { "api-key": 5 } } })).toEqual([
      "xcom.parts.api-key is ***, but an object of options under a package name is expected",
    ]);
    expect(messages({ store: "postgres://me:hunter2@host/db" })[0]).not.toContain("hunter2");
  });

  it.each([
    ['{"__proto__": {"dags": "x"}}', "__proto__"],
    ['{"pools": {"constructor": 1}}', "pools.constructor"],
    ['{"xcom": {"parts": {"a": {"deep": [{"prototype": 1}]}}}}', "xcom.parts.a.deep.0.prototype"],
  ])("refuses keys that reach into other objects: %s", (text, setting) => {
    const [mistake] = parseSettings(JSON.parse(text)).mistakes;
    expect(mistake.code).toBe("SETTING_KEY_REFUSED");
    expect(mistake.message).toContain(setting);
    expect(({} as { dags?: string }).dags).toBeUndefined();
  });

  it.each([undefined, null, 5, "text", []])("refuses %j as a configuration", (raw) => {
    expect(messages(raw)[0]).toMatch(/^The default export is .*an object of settings is expected/);
  });
});

describe("isPluginName", () => {
  it.each(["@millrace/store-sqlite", "my-store", "./plugins/store.ts", "../store.js", "pkg/deep/entry.js"])(
    "accepts %s",
    (name) => {
      expect(isPluginName(name)).toBe(true);
    },
  );

  it.each([
    "",
    "http://evil/x.js",
    "data:text/javascript,1",
    "file:///etc/x.js",
    "node:fs",
    "/abs/path.js",
    "UPPER",
    "a b",
    ".hidden",
    "./a\0b",
    "..",
    3,
    null,
  ])("refuses %j", (name) => {
    expect(isPluginName(name)).toBe(false);
  });
});
