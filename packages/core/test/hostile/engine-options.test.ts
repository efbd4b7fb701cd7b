import { describe, expect, test } from "vitest";
import { createEngine, type EngineOptions } from "../../src/engine/create-engine.ts";
import { isMillraceError } from "../../src/errors.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { isSafeToShow, named } from "./hostile-values.ts";

/** Some value of every kind there is. */
const kinds: readonly unknown[] = [
  null,
  0,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 60,
  5n,
  true,
  "",
  "text",
  "\0",
  Symbol("option"),
  [],
  [null],
  [undefined],
  [{}],
  {},
  { start: 5, stop: 5, name: 5 },
  Object.create(null),
  () => undefined,
  new Map([["a", 1]]),
  new Date(0),
];

/** By option, which of these are right (or harmless) there. */
const right: Readonly<Record<keyof EngineOptions, (value: unknown) => boolean>> = {
  dags: (value) => isEmptyList(value),
  store: () => false,
  xcom: (value) => isEmptyRecord(value),
  // A pool may be named "start".
  pools: (value) => isEmptyRecord(value) || value === kinds[18],
  concurrency: () => false,
  executor: () => false,
  threads: (value) => isEmptyRecord(value),
  killGrace: () => false,
  storePatience: () => false,
  maxCrashes: () => false,
  services: (value) => isEmptyList(value),
  home: (value) => value === "text",
  secrets: (value) => isEmptyList(value),
  secretTtl: () => false,
  secretTimeout: () => false,
  metrics: (value) => isEmptyRecord(value),
  watchdog: (value) => isEmptyRecord(value),
  onTaskLine: (value) => typeof value === "function",
  onNotice: (value) => typeof value === "function",
  clock: () => false,
  meter: () => false,
  randomness: () => false,
};

/** Options within options. */
const inner: Readonly<Record<string, (value: unknown) => boolean>> = {
  "xcom.backend": (value) => isEmptyList(value),
  "xcom.readers": (value) => isEmptyList(value),
  "xcom.maxValueBytes": () => false,
  "xcom.timeout": () => false,
  "xcom.logOperations": (value) => typeof value === "boolean",
  "xcom.onOperation": (value) => typeof value === "function",
  "xcom.nothing": () => false,
  "pools.warehouse": (value) => value === 0,
  "pools.a/b": () => false,
  "threads.max": () => false,
  "threads.maxMemoryMb": () => false,
  "threads.env": (value) => isEmptyList(value),
  "metrics.maxLabelValues": () => false,
  "watchdog.after": () => false,
  nothing: () => false,
};

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** Whatever has no property that would be read. */
function isEmptyRecord(value: unknown): boolean {
  if (typeof value !== "object" || value === null || "start" in value) return false;
  return [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

function nested([step, ...deeper]: readonly string[], value: unknown): EngineOptions {
  return { [step]: deeper.length === 0 ? value : nested(deeper, value) };
}

/** A store that tells whether it was opened and closed. */
function watchedStore() {
  const store = memoryStore();
  const calls: string[] = [];
  const { open, close } = store;
  const watched = {
    open(mode: "engine") {
      calls.push("open");
      return open.call(store, mode);
    },
    close() {
      calls.push("close");
      return close.call(store);
    },
  };
  return { calls, store: Object.assign(store, watched) };
}

const cases = [
  ...Object.entries(right).map(([option, isRight]) => [option, [option], isRight] as const),
  ...Object.entries(inner).map(([option, isRight]) => [option, option.split("."), isRight] as const),
];

describe("options of createEngine", () => {
  test.each(cases)("%s of the wrong kind is refused by a code, and leaves no store open", async (_, path, isRight) => {
    const wrong: string[] = [];
    for (const value of kinds) {
      const { calls, store } = watchedStore();
      const options = nested(path, value);
      const engine = await createEngine({ store, ...options }).catch((error: unknown) => {
        if (!isMillraceError(error)) wrong.push(`${named(value)}: ${String(error)}`);
        else if (!isSafeToShow(error.message)) wrong.push(`${named(value)}: ${error.message}`);
        return undefined;
      });
      if (engine && !isRight(value)) wrong.push(`${named(value)} was taken`);
      if (!engine && isRight(value)) wrong.push(`${named(value)} was refused`);
      await engine?.close();
      if (calls.length === 1) wrong.push(`${named(value)}: the store stayed open`);
    }
    expect(wrong).toEqual([]);
  });

  test.each([null, 5, "text", [], Symbol("options"), () => undefined])(
    "that are no object are refused: %s",
    async (options) => {
      await expect(createEngine(options as never)).rejects.toMatchObject({ code: "DAG_OPTION_INVALID" });
    },
  );

  test("name the option, the value seen and what is needed", async () => {
    await expect(createEngine({ store: { path: "x" } as never })).rejects.toThrow(
      "Option 'store' of createEngine is an object of type Object, but a store is needed",
    );
    await expect(createEngine({ concurency: 3 } as never)).rejects.toThrow(
      "Option 'concurency' of createEngine is 3, but there is no such option",
    );
  });
});
