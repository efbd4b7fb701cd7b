/**
 * Where breakers keep their state. `put` is a compare-and-set: it stores `value` (`null` deletes) only if `expected`
 * is what is stored now (`undefined` = nothing), and says whether it did. That alone makes one probe of many callers.
 */
export interface BreakerStore {
  get(key: string): Promise<string | undefined>;
  put(key: string, value: string | null, expected: string | undefined): Promise<boolean>;
}

/** Keeps the state in this process; it is gone when the process ends. */
export function memoryBreakerStore(): BreakerStore {
  const entries = new Map<string, string>();
  return {
    get: async (key) => entries.get(key),
    put: async (key, value, expected) => {
      if (entries.get(key) !== expected) return false;
      if (value === null) entries.delete(key);
      else entries.set(key, value);
      return true;
    },
  };
}

/** What a task's `state` and `dagState` can do, as far as a breaker needs it. */
export interface StateLike {
  get(key: string): Promise<unknown>;
  compareAndSet(key: string, expected: unknown, value: unknown): Promise<boolean>;
  delete(key: string): Promise<void>;
}

/**
 * Keeps the state in a task's `dagState` (shared by all runs of the DAG) or `state` (this task instance, over its
 * retries). Durable: what was put survives the attempt, whatever becomes of it.
 */
export function taskStateBreakerStore(state: StateLike): BreakerStore {
  return {
    get: async (key) => {
      const value = await state.get(key);
      return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
    },
    put: async (key, value, expected) => {
      if (value !== null) return state.compareAndSet(key, expected, value);
      if ((await state.get(key)) !== expected) return false;
      await state.delete(key);
      return true;
    },
  };
}

/** The part of a metadata store that keeps namespaced state. */
export interface MetadataStoreLike {
  readonly state: { get(namespace: string, key: string): Promise<string | undefined> };
  commit(
    changes: readonly {
      readonly kind: "putState";
      readonly namespace: string;
      readonly key: string;
      readonly value: string | null;
      readonly expected: string | null;
      readonly at: number;
    }[],
  ): Promise<readonly { readonly status: string }[]>;
}

/** Keeps the state in a metadata store, shared by every DAG and process that uses it. */
export function metadataBreakerStore(
  store: MetadataStoreLike,
  options: { readonly clock: { now(): number }; readonly namespace?: string },
): BreakerStore {
  const namespace = options.namespace ?? "breakers";
  return {
    get: (key) => store.state.get(namespace, key),
    put: async (key, value, expected) => {
      const [outcome] = await store.commit([
        { kind: "putState", namespace, key, value, expected: expected ?? null, at: options.clock.now() },
      ]);
      return outcome?.status === "done";
    },
  };
}
