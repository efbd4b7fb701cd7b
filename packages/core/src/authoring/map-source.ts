import { coreError, shown } from "../errors.ts";
import type { TaskHandle } from "./handles.ts";

/** What a mapped task maps over, with tasks by id. */
export type MapSource =
  | { readonly kind: "task"; readonly task: string }
  | { readonly kind: "literal"; readonly value: readonly unknown[] | Readonly<Record<string, unknown>> }
  | { readonly kind: "product"; readonly factors: readonly (readonly [name: string, source: MapSource])[] }
  | { readonly kind: "concat"; readonly parts: readonly MapSource[] }
  | {
      readonly kind: "zip";
      readonly parts: readonly MapSource[];
      readonly fill: { readonly value: unknown } | undefined;
    };

const combined = Symbol.for("millrace.map-source");
declare const elementType: unique symbol;

/** Several sources made into one by {@link concat} or {@link zip}. */
export interface CombinedSource<out E> {
  readonly [elementType]?: E;
  readonly [combined]: "concat" | "zip";
  readonly parts: readonly unknown[];
  readonly fill?: { readonly value: unknown };
}

type Listed =
  | TaskHandle<readonly unknown[]>
  | TaskHandle<Readonly<Record<string, unknown>>>
  | readonly unknown[]
  | CombinedSource<unknown>;

/** What `over` takes. */
export type MapOver = Listed | Readonly<Record<string, Listed | Readonly<Record<string, unknown>>>>;

type ElementOfValue<V> = V extends readonly (infer E)[]
  ? E
  : V extends Readonly<Record<string, infer W>>
    ? [key: string, value: W]
    : never;
type ElementOfListed<S> =
  S extends CombinedSource<infer E> ? E : S extends TaskHandle<infer V> ? ElementOfValue<V> : ElementOfValue<S>;

/** The element type that follows from `over`. */
export type ElementOf<S> =
  S extends CombinedSource<infer E>
    ? E
    : S extends TaskHandle<infer V>
      ? ElementOfValue<V>
      : S extends readonly (infer E)[]
        ? E
        : { readonly [K in keyof S]: ElementOfListed<S[K]> };

/** One source after the other. */
export function concat<const S extends readonly Listed[]>(...sources: S): CombinedSource<ElementOfListed<S[number]>> {
  return { [combined]: "concat", parts: sources };
}

/**
 * Elements of all sources side by side, as lists. Ends with the shortest source, or with the longest when `fill` is given.
 */
export function zip<const S extends readonly Listed[]>(
  sources: S,
  options?: { readonly fill: unknown },
): CombinedSource<{ -readonly [K in keyof S]: ElementOfListed<S[K]> }> {
  return { [combined]: "zip", parts: sources, ...(options ? { fill: { value: options.fill } } : {}) };
}

/**
 * Reads what an author gave as `over`.
 *
 * @param taskOf - the id of a handle, `undefined` for anything else
 */
export function parseMapSource(
  over: unknown,
  taskOf: (value: unknown) => string | undefined,
  taskId: string,
): MapSource {
  const source = parseListed(over, taskOf, taskId);
  if (source) return source;
  if (typeof over === "object" && over !== null) {
    const factors = Object.entries(over).map(([name, value]) => {
      const factor = parseListed(value, taskOf, taskId) ?? literalRecord(value);
      if (!factor)
        throw coreError("DAG_OPTION_INVALID", {
          option: `over.${name}`,
          where: `'${taskId}'`,
          value: shown(value),
          expected: "a handle, a list or a plain object is needed",
        });
      return [name, factor] as const;
    });
    if (factors.length > 0) return { kind: "product", factors };
  }
  throw coreError("DAG_OPTION_INVALID", {
    option: "over",
    where: `'${taskId}'`,
    value: shown(over),
    expected: "a handle, a list, or a record of these is needed",
  });
}

function parseListed(
  value: unknown,
  taskOf: (value: unknown) => string | undefined,
  taskId: string,
): MapSource | undefined {
  const task = taskOf(value);
  if (task !== undefined) return { kind: "task", task };
  // A list that its author changes later is another list.
  if (Array.isArray(value)) return { kind: "literal", value: [...value] };
  if (typeof value === "object" && value !== null && combined in value) {
    const { [combined]: kind, parts, fill } = value as CombinedSource<unknown>;
    const sources = parts.map((part) => parseListed(part, taskOf, taskId) ?? literalRecord(part));
    if (sources.every((source) => source !== undefined))
      return kind === "concat" ? { kind, parts: sources } : { kind, parts: sources, fill };
  }
  return undefined;
}

function literalRecord(value: unknown): MapSource | undefined {
  return isMappable(value) && !Array.isArray(value) ? { kind: "literal", value: { ...value } } : undefined;
}

/** Ids of the tasks whose results a source needs. */
export function tasksOfSource(source: MapSource): readonly string[] {
  if (source.kind === "task") return [source.task];
  if (source.kind === "literal") return [];
  const parts = source.kind === "product" ? source.factors.map(([, factor]) => factor) : source.parts;
  return [...new Set(parts.flatMap(tasksOfSource))];
}

/**
 * How many elements a source has, without making them: a few long lists have a product that fits no memory.
 *
 * @throws `MAP_SOURCE_INVALID` as {@link elementsOf} does
 */
export function countElements(source: MapSource, resultOf: (taskId: string) => unknown, taskId: string): number {
  if (source.kind === "task") return listOf(resultOf(source.task), taskId).length;
  if (source.kind === "literal") return listOf(source.value, taskId).length;
  const parts = source.kind === "product" ? source.factors.map(([, factor]) => factor) : source.parts;
  const counts = parts.map((part) => countElements(part, resultOf, taskId));
  if (source.kind === "product") return counts.reduce((product, count) => product * count, 1);
  if (source.kind === "concat") return counts.reduce((sum, count) => sum + count, 0);
  return counts.length === 0 ? 0 : counts.reduce((a, b) => (source.fill ? Math.max(a, b) : Math.min(a, b)));
}

/**
 * The elements of a source, once the results of its tasks are known. Of a product the first factor varies slowest.
 *
 * @throws `MAP_SOURCE_INVALID` when a result is neither a list nor a plain object
 */
export function elementsOf(
  source: MapSource,
  resultOf: (taskId: string) => unknown,
  taskId: string,
): readonly unknown[] {
  switch (source.kind) {
    case "task":
      return listOf(resultOf(source.task), taskId);
    case "literal":
      return listOf(source.value, taskId);
    case "concat":
      return source.parts.flatMap((part) => elementsOf(part, resultOf, taskId));
    case "zip": {
      const lists = source.parts.map((part) => elementsOf(part, resultOf, taskId));
      const lengths = lists.map((list) => list.length);
      const length =
        lengths.length === 0 ? 0 : lengths.reduce((a, b) => (source.fill ? Math.max(a, b) : Math.min(a, b)));
      return Array.from({ length }, (_, index) =>
        lists.map((list) => (index < list.length ? list[index] : source.fill?.value)),
      );
    }
    case "product": {
      let combinations: Record<string, unknown>[] = [{}];
      for (const [name, factor] of source.factors) {
        const values = elementsOf(factor, resultOf, taskId);
        combinations = combinations.flatMap((combination) =>
          values.map((value) => ({ ...combination, [name]: value })),
        );
      }
      return combinations;
    }
  }
}

/** True for a value that can be mapped over. */
export function isMappable(value: unknown): value is readonly unknown[] | Readonly<Record<string, unknown>> {
  if (Array.isArray(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function listOf(value: unknown, taskId: string): readonly unknown[] {
  if (!isMappable(value))
    throw coreError("MAP_SOURCE_INVALID", { taskId, type: value === null ? "null" : typeof value });
  return Array.isArray(value) ? value : Object.entries(value);
}
