import { type Dag, isDag } from "../authoring/definition.ts";
import type { ModuleExports } from "./import-file.ts";

/** Most DAGs that one exported iterable may give. */
const mostPerIterable = 10_000;

/** What a module exported: a generator gives its DAGs only once. */
const known = new WeakMap<ModuleExports, readonly Dag[]>();

/** The DAGs that a module exports by any name, alone or in an iterable. */
export function exportedDags(exports: ModuleExports): readonly Dag[] {
  const found = known.get(exports) ?? findDags(exports);
  known.set(exports, found);
  return found;
}

function findDags(exports: ModuleExports): readonly Dag[] {
  const dags = new Set<Dag>();
  for (const value of Object.values(exports)) {
    if (isDag(value)) dags.add(value);
    else if (isIterable(value)) for (const dag of dagsIn(value)) dags.add(dag);
  }
  return [...dags];
}

/** Reads on only as long as DAGs come: other lists that a file exports are none of ours. */
function* dagsIn(values: Iterable<unknown>): Generator<Dag> {
  let count = 0;
  for (const value of values) {
    if (!isDag(value) || count++ >= mostPerIterable) return;
    yield value;
  }
}

function isIterable(value: unknown): value is Iterable<unknown> {
  if (typeof value !== "object" || value === null) return false;
  try {
    return Symbol.iterator in value && typeof value[Symbol.iterator] === "function";
  } catch {
    // A proxy that stands for something far away, say: no list of DAGs.
    return false;
  }
}
