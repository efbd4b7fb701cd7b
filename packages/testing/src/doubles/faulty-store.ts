import type { Change, Clock, CommitOptions, Outcome, Store } from "@millrace/core/plugin";
import { seededNumbers } from "./seeded-numbers.ts";

/** What becomes of a commit: it works; it fails before anything is stored; it is stored, and then the answer is lost. */
export type Fault = "none" | "refused" | "answer lost";

/** Which calls of a store fail, and how. */
export interface FaultPlan {
  /** @param call - number of this commit, from 1 */
  readonly commit?: (call: number, changes: readonly Change[]) => Fault;
  /**
   * True: this read fails.
   *
   * @param call - number of this read, from 1
   * @param name - facet and method, for example `runs.active`
   */
  readonly read?: (call: number, name: string) => boolean;
  /** How long each call takes, on the clock given. */
  readonly slow?: { readonly clock: Clock; readonly ms: number };
}

/** A store that fails as planned, in front of one that works. */
export interface FaultyStore {
  readonly store: Store;
  /** May be changed at any time, also while calls are under way. */
  plan: FaultPlan;
  /** How many commits there were, failed ones too. */
  readonly commits: number;
  /** How many reads there were, failed ones too. */
  readonly reads: number;
}

/**
 * Stands in front of a store and fails as planned: to see what your program, or an engine, makes of a full disk or a broken
 * connection. The engine tries again for as long as its `storePatience` says.
 *
 * @example
 * ```ts
 * import { dag } from "@millrace/core";
 * import { memoryStore } from "@millrace/core/plugin";
 * import { createTestEngine, failingCommits, faultyStore } from "@millrace/testing";
 *
 * const hello = dag("hello", {}, (d) => {
 *   d.task("name", () => "Ada");
 * });
 * const faulty = faultyStore(memoryStore(), { commit: failingCommits({ kind: "finishTask", at: [1, 2] }) });
 * await using test = await createTestEngine({ dags: [hello], store: faulty.store });
 * const result = await test.run(hello);
 * console.log(result.state, result.tasks.name?.attempts); // success 1
 * ```
 */
export function faultyStore(inner: Store, plan: FaultPlan = {}): FaultyStore {
  const control = { plan, commits: 0, reads: 0 };
  const wait = async (): Promise<void> => {
    const { slow } = control.plan;
    if (slow) await slow.clock.sleep(slow.ms);
  };

  const commit = async (changes: readonly Change[], options?: CommitOptions): Promise<readonly Outcome[]> => {
    const call = ++control.commits;
    const fault = control.plan.commit?.(call, changes) ?? "none";
    await wait();
    if (fault === "refused") throw new Error("the disk is full");
    const outcomes = await inner.commit(changes, options);
    if (fault === "answer lost") throw new Error("the connection broke");
    return outcomes;
  };

  const readerOf = (facet: string, target: object): object =>
    new Proxy(target, {
      get(_, name) {
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

  const store = new Proxy(inner, {
    get(_, name) {
      if (name === "commit") return commit;
      const member: unknown = Reflect.get(inner, name);
      if (typeof member === "function") return member.bind(inner);
      return typeof member === "object" && member !== null ? readerOf(String(name), member) : member;
    },
  });
  return Object.assign(control, { store });
}

/** Which commits fail: those that match everything that is said. */
export interface FailingCommits {
  /** Only groups that hold a change of this kind, for example `finishTask`. */
  readonly kind?: Change["kind"];
  /** Numbers, from 1, among the commits that match otherwise. */
  readonly at?: number | readonly number[];
  /** Each of them with this probability, from 0 to 1, drawn from `seed`. */
  readonly share?: number;
  /** Default 1. The same seed has the same commits fail. */
  readonly seed?: number;
  /** `refused` (default): nothing is stored. `answer lost`: it is stored, and fails all the same. */
  readonly how?: Exclude<Fault, "none">;
}

/** A plan for {@link faultyStore}: which commits fail, by count, by what they hold, or by chance. */
export function failingCommits(which: FailingCommits): NonNullable<FaultPlan["commit"]> {
  const { kind, how = "refused" } = which;
  const isChosen = chooser(which);
  return (_, changes) => {
    if (kind !== undefined && !changes.some((change) => change.kind === kind)) return "none";
    return isChosen() ? how : "none";
  };
}

/** Which reads fail: those that match everything that is said. */
export interface FailingReads extends Pick<FailingCommits, "at" | "share" | "seed"> {
  /** Only this facet or method, for example `runs` or `runs.active`. */
  readonly of?: string;
}

/** A plan for {@link faultyStore}: which reads fail, by count, by name, or by chance. */
export function failingReads(which: FailingReads): NonNullable<FaultPlan["read"]> {
  const { of } = which;
  const isChosen = chooser(which);
  return (_, name) => {
    if (of !== undefined && name !== of && !name.startsWith(`${of}.`)) return false;
    return isChosen();
  };
}

/** Asked once for each call that matches otherwise. */
function chooser({ at, share, seed = 1 }: Pick<FailingCommits, "at" | "share" | "seed">): () => boolean {
  const numbers = seededNumbers(seed);
  const places = at === undefined ? undefined : new Set(typeof at === "number" ? [at] : at);
  let matches = 0;
  return () => {
    matches++;
    if (places !== undefined && !places.has(matches)) return false;
    return share === undefined || numbers() < share;
  };
}
