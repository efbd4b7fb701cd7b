import type { Change, CommitOptions, OpenMode, Outcome, Store } from "../src/store/contract.ts";
import type { Clock } from "../src/time/clock.ts";

/** What becomes of a call: it works; it fails before anything is stored; it is stored, and then the answer is lost. */
export type Fault = "none" | "refused" | "answer lost";

export interface FaultPlan {
  /** @param call - number of this commit, from 1 */
  readonly commit?: (call: number, changes: readonly Change[]) => Fault;
  /** True: this read fails. @param call - number of this read, from 1 */
  readonly read?: (call: number, name: string) => boolean;
  /** How long each call takes, on the clock given. */
  readonly slow?: { readonly clock: Clock; readonly ms: number };
}

/** A store that fails as planned, in front of one that works. */
export interface FaultyStore {
  readonly store: Store;
  plan: FaultPlan;
  readonly commits: number;
  readonly reads: number;
}

const facets = [
  "dags",
  "runs",
  "tasks",
  "xcoms",
  "chunks",
  "events",
  "logs",
  "pools",
  "settings",
  "state",
  "requests",
] as const;

export function faultyStore(inner: Store, plan: FaultPlan = {}): FaultyStore {
  const control = { plan, commits: 0, reads: 0 };
  const wait = async (): Promise<void> => {
    const { slow } = control.plan;
    if (slow) await slow.clock.sleep(slow.ms);
  };
  const store: Record<string, unknown> = {
    name: "faulty",
    open: (mode: OpenMode) => inner.open(mode),
    close: () => inner.close(),
    async commit(changes: readonly Change[], options?: CommitOptions): Promise<readonly Outcome[]> {
      const call = ++control.commits;
      const fault = control.plan.commit?.(call, changes) ?? "none";
      await wait();
      if (fault === "refused") throw new Error("the disk is full");
      const outcomes = await inner.commit(changes, options);
      if (fault === "answer lost") throw new Error("the connection broke");
      return outcomes;
    },
  };
  for (const facet of facets) Object.defineProperty(store, facet, { get: () => readerOf(facet) });

  function readerOf(facet: (typeof facets)[number]): object {
    return new Proxy(inner[facet], {
      get(target, name) {
        const read: unknown = Reflect.get(target, name);
        if (typeof read !== "function") return read;
        return async (...args: unknown[]): Promise<unknown> => {
          const call = ++control.reads;
          const fails = control.plan.read?.(call, `${facet}.${String(name)}`) ?? false;
          await wait();
          if (fails) throw new Error(`${facet}.${String(name)} failed`);
          return read.apply(target, args);
        };
      },
    });
  }

  return Object.assign(control, { store: store as unknown as Store });
}
