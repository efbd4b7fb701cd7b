import type {
  Change,
  EventRow,
  Outcome,
  PerformanceRow,
  Store,
  TaskInstanceRow,
  XComReadRow,
} from "@millrace/core/plugin";
import { type MemoryDatabase, memoryDatabase, memoryStore } from "@millrace/core/plugin";
import type { StoreUnderTest } from "../src/suites.ts";

/** Changes what one store does; the rest of it works. `shared` is the same for all stores of a place. */
export type Break = (store: Store, database: MemoryDatabase, shared: Map<string, unknown>) => Partial<Store>;

/** An empty place whose stores break one promise. */
export function placeOf(breaks: Break): StoreUnderTest {
  const database = memoryDatabase();
  const shared = new Map<string, unknown>();
  return {
    connect() {
      const store = memoryStore({ database });
      const broken = breaks(store, database, shared);
      return new Proxy(store, {
        get(target, name) {
          if (Object.hasOwn(broken, name)) return broken[name as keyof Store];
          const value = target[name as keyof Store];
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
}

/** Alters what each change is answered. */
export function outcomes(alter: (outcome: Outcome, change: Change) => Outcome): Break {
  return (store) => ({
    commit: async (changes, options) =>
      (await store.commit(changes, options)).map((outcome, index) => alter(outcome, changes[index] as Change)),
  });
}

/** Alters each change before the whole group is stored; `before` acts and `look` reads the store before that. */
export function changes(
  alter: (change: Change) => Change,
  before?: (store: Store, change: Change) => Promise<void>,
  look?: (store: Store, change: Change) => Promise<Change>,
): Break {
  return (store) => ({
    async commit(group, options) {
      for (const change of group) await before?.(store, change);
      const seen = look === undefined ? group : await Promise.all(group.map((change) => look(store, change)));
      return store.commit(seen.map(alter), options);
    },
  });
}

/** Looks at each change before the group is stored, and at its outcome after. */
export function watching(
  store: Store,
  look: {
    readonly before?: (change: Change) => Promise<void>;
    readonly after?: (change: Change, outcome: Outcome) => void;
  },
): Pick<Store, "commit"> {
  return {
    async commit(group, options) {
      for (const change of group) await look.before?.(change);
      const outcomes = await store.commit(group, options);
      outcomes.forEach((outcome, index) => {
        look.after?.(group[index] as Change, outcome);
      });
      return outcomes;
    },
  };
}

/** Shows every task instance altered. */
export function taskRows(alter: (row: TaskInstanceRow) => TaskInstanceRow): Break {
  return ({ tasks }) => ({
    tasks: {
      ...tasks,
      async get(taskInstanceNo) {
        const row = await tasks.get(taskInstanceNo);
        return row && alter(row);
      },
      ofRun: async (runNo) => (await tasks.ofRun(runNo)).map(alter),
    },
  });
}

/** Shows every read altered; `[]` hides it. */
export function readRows(alter: (rows: readonly XComReadRow[]) => readonly XComReadRow[]): Break {
  return ({ xcoms }) => ({ xcoms: { ...xcoms, readsOfRun: async (runNo) => alter(await xcoms.readsOfRun(runNo)) } });
}

/** Shows the costs of attempts altered. */
export function costRows(alter: (rows: readonly PerformanceRow[]) => readonly PerformanceRow[]): Break {
  return ({ tasks }) => ({
    tasks: { ...tasks, performanceOfRun: async (runNo) => alter(await tasks.performanceOfRun(runNo)) },
  });
}

/** Shows the events altered. */
export function eventRows(alter: (rows: readonly EventRow[]) => readonly EventRow[]): Break {
  return ({ events }) => ({ events: { ...events, list: async (filter) => alter(await events.list(filter)) } });
}
