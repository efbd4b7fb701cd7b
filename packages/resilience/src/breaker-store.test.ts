import { memoryStore, systemClock } from "@millrace/core/plugin";
import { describe, expect, it } from "vitest";
import {
  type BreakerStore,
  circuitBreaker,
  memoryBreakerStore,
  metadataBreakerStore,
  taskStateBreakerStore,
} from "./index.ts";

/** A task's state as the engine gives it: values go through JSON, and a compare looks at the JSON. */
function taskState() {
  const entries = new Map<string, string>();
  const json = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value));
  return {
    get: async (key: string): Promise<unknown> => {
      const text = entries.get(key);
      return text === undefined ? undefined : JSON.parse(text);
    },
    delete: async (key: string) => void entries.delete(key),
    compareAndSet: async (key: string, expected: unknown, value: unknown) => {
      if (entries.get(key) !== json(expected)) return false;
      entries.set(key, JSON.stringify(value));
      return true;
    },
  };
}

/** A real metadata store, opened when it is first needed. */
function metadataStore(): BreakerStore {
  const store = memoryStore();
  const opened = store.open("engine");
  const inner = metadataBreakerStore(store, { clock: systemClock });
  return {
    get: async (key) => opened.then(() => inner.get(key)),
    put: async (key, value, expected) => opened.then(() => inner.put(key, value, expected)),
  };
}

const stores: [string, () => BreakerStore][] = [
  ["memory", memoryBreakerStore],
  ["a task's state", () => taskStateBreakerStore(taskState())],
  ["a metadata store", metadataStore],
];

describe.each(stores)("the state of breakers in %s", (_, make) => {
  it("is changed only by those who know what is there", async () => {
    const store = make();
    expect(await store.get("a")).toBeUndefined();
    expect(await store.put("a", "1", "0")).toBe(false);
    expect(await store.put("a", "1", undefined)).toBe(true);
    expect(await store.put("a", "2", undefined)).toBe(false);
    expect(await store.put("a", "2", "1")).toBe(true);
    expect(await store.get("a")).toBe("2");
    expect(await store.get("b")).toBeUndefined();
    expect(await store.put("a", null, "1")).toBe(false);
    expect(await store.put("a", null, "2")).toBe(true);
    expect(await store.get("a")).toBeUndefined();
  });

  it("is shared by breakers of one name and apart for others", async () => {
    const store = make();
    const options = { failureThreshold: 1, store };
    await circuitBreaker({ name: "a", ...options })
      .call(() => Promise.reject(new Error("down")))
      .catch(() => {});
    expect((await circuitBreaker({ name: "a", ...options }).read()).state).toBe("OPEN");
    expect((await circuitBreaker({ name: "b", ...options }).read()).state).toBe("CLOSED");
  });
});
