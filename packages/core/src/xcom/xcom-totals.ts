import type { PutState, StateFacet } from "../store/contract.ts";
import type { XComOperation } from "./operation.ts";

/** Where the totals are kept: one key for each DAG. */
const namespace = "xcom totals";
/** So many codes of errors are told apart for each part; further ones are counted as `other`. */
const mostCodes = 50;

/** What a part has done for a DAG, in numbers only. */
export interface XComTotal {
  readonly part: string;
  readonly operation: XComOperation["operation"];
  readonly done: number;
  readonly declined: number;
  readonly failed: number;
  /** Of operations that were done. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationUs: number;
  /** How often it failed, by the code of the error; `none` where it had none. */
  readonly errors: Readonly<Record<string, number>>;
}

type Counts = { -readonly [Name in Exclude<keyof XComTotal, "errors">]: XComTotal[Name] } & {
  readonly errors: Map<string, number>;
};

/** By part and operation. */
type DagTotals = Map<string, Counts>;

/** Adds up what the parts of an engine's XCom backend do, on top of what engines before it did on the same store. */
export class XComTotals {
  readonly #store: Pick<StateFacet, "get">;
  readonly #onFirst: () => void;
  readonly #own = new Map<string, DagTotals>();
  /** What the store had of a DAG when this engine first wrote of it. */
  readonly #before = new Map<string, readonly XComTotal[]>();
  readonly #changed = new Set<string>();

  /** @param onFirst - called when there is something to write after there was nothing */
  constructor(store: Pick<StateFacet, "get">, onFirst: () => void) {
    this.#store = store;
    this.#onFirst = onFirst;
  }

  add({ part, operation, address, bytesIn, bytesOut, durationUs, outcome, code = "none" }: XComOperation): void {
    const { dagId } = address;
    const totals: DagTotals = this.#own.get(dagId) ?? new Map();
    this.#own.set(dagId, totals);
    const counts = countsOf(totals, part, operation);
    counts[outcome]++;
    counts.durationUs += durationUs;
    if (outcome === "failed") countCode(counts, code, 1);
    if (outcome === "done") {
      counts.bytesIn += bytesIn;
      counts.bytesOut += bytesOut;
    }
    this.#change(dagId);
  }

  /** What is to be written now: one small text for each DAG that something was done for since the last time. */
  async drain(at: number): Promise<readonly PutState[]> {
    const dagIds = [...this.#changed];
    this.#changed.clear();
    const changes: PutState[] = [];
    try {
      for (const dagId of dagIds) {
        const value = JSON.stringify({ v: 1, totals: await this.#totalsOf(dagId) });
        changes.push({ kind: "putState", namespace, key: dagId, value, at });
      }
    } catch (error) {
      this.restore(dagIds);
      throw error;
    }
    return changes;
  }

  /** What was drained of these DAGs could not be written. */
  restore(dagIds: readonly string[]): void {
    for (const dagId of dagIds) this.#change(dagId);
  }

  #change(dagId: string): void {
    const isFirst = this.#changed.size === 0;
    this.#changed.add(dagId);
    if (isFirst) this.#onFirst();
  }

  async #totalsOf(dagId: string): Promise<readonly XComTotal[]> {
    let before = this.#before.get(dagId);
    if (!before) {
      // What cannot be read is counted anew: no run may depend on these numbers.
      before = parseTotals(await this.#store.get(namespace, dagId)) ?? [];
      this.#before.set(dagId, before);
    }
    const all: DagTotals = new Map();
    for (const total of before) merge(all, total, Object.entries(total.errors));
    for (const total of (this.#own.get(dagId) ?? new Map()).values()) merge(all, total, total.errors);
    return [...all.values()].map((total) => ({ ...total, errors: Object.fromEntries(total.errors) }));
  }
}

/**
 * What engines have done on a store, by DAG; as they wrote it, at the latest half a minute after it was done.
 *
 * @returns `undefined` for a DAG whose numbers cannot be read
 */
export async function readXComTotals(
  store: Pick<StateFacet, "list">,
): Promise<ReadonlyMap<string, readonly XComTotal[] | undefined>> {
  const stored = await store.list(namespace);
  return new Map(stored.map(({ key, value }) => [key, parseTotals(value)]));
}

function merge(all: DagTotals, total: Omit<Counts, "errors"> | XComTotal, errors: Iterable<[string, number]>): void {
  const counts = countsOf(all, total.part, total.operation);
  for (const name of numbers) counts[name] += total[name];
  for (const [code, number] of errors) countCode(counts, code, number);
}

function countsOf(totals: DagTotals, part: string, operation: XComOperation["operation"]): Counts {
  const name = `${operation} ${part}`;
  const known = totals.get(name);
  if (known) return known;
  const amounts = { done: 0, declined: 0, failed: 0, bytesIn: 0, bytesOut: 0, durationUs: 0 };
  const counts = { part, operation, ...amounts, errors: new Map() };
  totals.set(name, counts);
  return counts;
}

function countCode({ errors }: Counts, code: string, number: number): void {
  const name = errors.has(code) || errors.size < mostCodes ? code : "other";
  errors.set(name, (errors.get(name) ?? 0) + number);
}

const numbers = ["done", "declined", "failed", "bytesIn", "bytesOut", "durationUs"] as const;
const operations: readonly unknown[] = ["write", "read", "remove"];

/** `undefined` for a text that is none of ours; an empty list for none. */
function parseTotals(text: string | undefined): readonly XComTotal[] | undefined {
  if (text === undefined) return [];
  try {
    const { totals } = JSON.parse(text) as { readonly totals: readonly XComTotal[] };
    const isOurs = totals.every(
      (total) =>
        typeof total.part === "string" &&
        operations.includes(total.operation) &&
        [...numbers.map((name) => total[name]), ...Object.values(total.errors)].every(Number.isFinite),
    );
    return isOurs ? totals : undefined;
  } catch {
    return undefined;
  }
}
