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

/** The two doors of a metadata store that matter here. */
function metadataStore() {
  const entries = new Map<string, string>();
  return {
    state: { get: async (namespace: string, key: string) => entries.get(`${namespace}/${key}`) },
    commit: async (
      changes: readonly {
        readonly namespace: string;
        readonly key: string;
        readonly value: string | null;
        readonly expected: string | null;
      }[],
    ) =>
      changes.map(({ namespace, key, value, expected }) => {
        if ((entries.get(`${namespace}/${key}`) ?? null) !== expected) return { status: "refused" };
        if (value === null) entries.delete(`${namespace}/${key}`);
        else entries.set(`${namespace}/${key}`, value);
        return { status: "done" };
      }),
  };
}

const stores: [string, () => BreakerStore][] = [
  ["memory", memoryBreakerStore],
  ["a task's state", () => taskStateBreakerStore(taskState())],
  ["a metadata store", () => metadataBreakerStore(metadataStore(), { clock: { now: () => 0 } })],
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
