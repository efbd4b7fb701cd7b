import { isDeepStrictEqual } from "node:util";
import type { Clock } from "@millrace/core";
import { fail } from "@millrace/core";
import type { XComAddress, XComBackend } from "@millrace/core/plugin";
import type { MadeSample } from "../data/samples.ts";
import type { Measurement } from "./measurement.ts";
import { markerOf, storedSize } from "./stored-size.ts";

export interface MeasureOptions {
  readonly clock: Clock;
  /** A value is written and read again and again for this long, at most 50 times; at least three times if it is not large. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Writes a value by a backend and reads it back, some times. What comes back must be what was written, or the task fails: a
 * backend that loses data is not compared with others.
 */
export async function measureBackend(
  name: string,
  backend: XComBackend,
  { spec, value }: { readonly spec: MadeSample; readonly value: unknown },
  address: XComAddress,
  { clock, budgetMs, signal }: MeasureOptions,
): Promise<Measurement> {
  const now = () => clock.monotonic?.() ?? clock.now();
  const writes: number[] = [];
  const reads: number[] = [];
  let size = storedSize("");
  const start = now();
  const leastRounds = spec.sizeBytes > 4_194_304 ? 1 : 3;
  while (writes.length < leastRounds || (writes.length < 50 && now() - start < budgetMs)) {
    signal?.throwIfAborted();
    const before = now();
    const stored = await backend.serialize(value, address);
    writes.push(now() - before);
    // As it comes out of the store: nothing is shared with what was written.
    const row = typeof stored === "string" ? stored : (JSON.parse(JSON.stringify(stored)) as typeof stored);
    const middle = now();
    const found = await backend.deserialize(row, address);
    reads.push(now() - middle);
    if (writes.length === 1) {
      size = storedSize(stored);
      if (!isDeepStrictEqual(found, value)) throw fail(`${name} gave another value back for ${spec.name}`);
    }
    await backend.purge(stored);
  }
  const choice = size.envelopes.find((envelope) => envelope._xcom_hybrid === true);
  return {
    backend: name,
    sample: spec.name,
    kind: spec.kind,
    size_bytes: spec.sizeBytes,
    json_bytes: spec.jsonBytes,
    row_bytes: size.rowBytes,
    outside_bytes: size.outsideBytes,
    serialize_ms: median(writes),
    deserialize_ms: median(reads),
    rounds: writes.length,
    parts: size.envelopes.map(markerOf).reverse(),
    ...(choice && { choice: { method: String(choice.method), reason: String(choice.reason) } }),
  };
}

/** The middle one, or the mean of the two in the middle; three decimals, so that a microsecond is seen. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const found = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return Math.round(found * 1_000) / 1_000;
}
