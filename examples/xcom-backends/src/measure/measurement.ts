import type { SampleKind } from "../data/samples.ts";

/** How one backend did with one value. */
export interface Measurement {
  readonly backend: string;
  readonly sample: string;
  readonly kind: SampleKind;
  /** What the sample was made to take. */
  readonly size_bytes: number;
  /** What its JSON text takes. */
  readonly json_bytes: number;
  /** What the row in the store takes: the value itself or its envelope. */
  readonly row_bytes: number;
  /** What is kept outside of the store. */
  readonly outside_bytes: number;
  /** Medians over `rounds`. */
  readonly serialize_ms: number;
  readonly deserialize_ms: number;
  readonly rounds: number;
  /** Names of the parts that wrote it, outermost last; none for plain JSON. */
  readonly parts: readonly string[];
  /** What the hybrid backend chose, and why. */
  readonly choice?: { readonly method: string; readonly reason: string };
}
