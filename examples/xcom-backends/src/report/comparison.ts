import { type BackendName, candidates } from "../backends/candidates.ts";
import { type SampleKind, sampleKinds } from "../data/samples.ts";
import type { FaultOutcome } from "../faults/fault.ts";
import type { Measurement } from "../measure/measurement.ts";

/** Everything that the reports are made of. */
export interface Comparison {
  readonly run: { readonly dag: string; readonly id: string };
  readonly made_at: string;
  readonly machine: string;
  readonly measurements: readonly Measurement[];
  readonly faults: readonly FaultOutcome[];
}

/** What is said of each kind of data. */
export const kindTitles: Readonly<Record<SampleKind, string>> = {
  config: "Small configuration",
  structured: "Structured records",
  large: "Large data set",
  repetitive: "Repetitive data",
  sensitive: "Sensitive data",
  binary: "Random bytes",
};

/** The measured backends, in their order, with what people call them. */
export function backendsOf({ measurements }: Comparison): readonly { readonly name: string; readonly label: string }[] {
  return [...new Set(measurements.map(({ backend }) => backend))].map((name) => ({ name, label: labelOf(name) }));
}

export function labelOf(backend: string): string {
  return candidates[backend as BackendName]?.label ?? backend;
}

/** Everything that is kept of a value. */
export function keptBytes({ row_bytes, outside_bytes }: Measurement): number {
  return row_bytes + outside_bytes;
}

/** Kept bytes / bytes of the JSON text. */
export function keptShare(measurement: Measurement): number {
  return keptBytes(measurement) / measurement.json_bytes;
}

/** The largest sample of each kind, with its measurements by backend. */
export function largestOfEachKind({ measurements }: Comparison): readonly {
  readonly kind: SampleKind;
  readonly sizeBytes: number;
  readonly of: readonly Measurement[];
}[] {
  return sampleKinds.flatMap((kind) => {
    const ofKind = measurements.filter((one) => one.kind === kind);
    if (ofKind.length === 0) return [];
    const sizeBytes = Math.max(...ofKind.map(({ size_bytes }) => size_bytes));
    return [{ kind, sizeBytes, of: ofKind.filter(({ size_bytes }) => size_bytes === sizeBytes) }];
  });
}

/** Records of one sort in growing number, from a small configuration to a large data set: how time depends on size. */
export function bySize({
  measurements,
}: Comparison): readonly { readonly sizeBytes: number; readonly of: readonly Measurement[] }[] {
  const series = measurements.filter(({ kind }) => kind === "config" || kind === "structured" || kind === "large");
  const sizes = [...new Set(series.map(({ size_bytes }) => size_bytes))].sort((a, b) => a - b);
  return sizes.map((sizeBytes) => ({ sizeBytes, of: series.filter(({ size_bytes }) => size_bytes === sizeBytes) }));
}

/** Which backend keeps least of a kind's largest sample, and which is fastest both ways together. */
export function bestOf(of: readonly Measurement[]): { readonly smallest: Measurement; readonly fastest: Measurement } {
  const time = ({ serialize_ms, deserialize_ms }: Measurement): number => serialize_ms + deserialize_ms;
  return {
    smallest: of.reduce((best, one) => (keptBytes(one) < keptBytes(best) ? one : best)),
    fastest: of.reduce((best, one) => (time(one) < time(best) ? one : best)),
  };
}
