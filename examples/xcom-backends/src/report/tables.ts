import type { Measurement } from "../measure/measurement.ts";
import {
  backendsOf,
  bySize,
  type Comparison,
  keptBytes,
  keptShare,
  kindTitles,
  labelOf,
  largestOfEachKind,
} from "./comparison.ts";
import { bytes, duration, share } from "./number-format.ts";

/** A table as text, which HTML and Markdown show alike. The first column names the row. */
export interface TextTable {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns from this one on are numbers. Default 1. */
  readonly numbersFrom?: number;
}

const none = "–";

/** What is kept of the largest sample of each kind, backend by backend. */
export function sizeTable(comparison: Comparison): TextTable {
  const kinds = largestOfEachKind(comparison);
  return {
    caption: "Kept bytes in row and outside, as a share of the JSON text",
    head: ["Backend", ...kinds.map(({ kind, sizeBytes }) => `${kindTitles[kind]}, ${bytes(sizeBytes)}`)],
    rows: backendsOf(comparison).map(({ name, label }) => [
      label,
      ...kinds.map(({ of }) => {
        const found = of.find(({ backend }) => backend === name);
        return found ? share(keptShare(found)) : none;
      }),
    ]),
  };
}

/** Time to write or to read records of growing size, backend by backend. */
export function timeTable(comparison: Comparison, what: "serialize_ms" | "deserialize_ms"): TextTable {
  const sizes = bySize(comparison);
  return {
    caption: what === "serialize_ms" ? "Writing, median" : "Reading, median",
    head: ["Backend", ...sizes.map(({ sizeBytes }) => bytes(sizeBytes))],
    rows: backendsOf(comparison).map(({ name, label }) => [
      label,
      ...sizes.map(({ of }) => {
        const found = of.find(({ backend }) => backend === name);
        return found ? duration(found[what]) : none;
      }),
    ]),
  };
}

/** What the choosing backend chose, sample by sample, and why. */
export function choiceTable({ measurements }: Comparison): TextTable {
  return {
    caption: "The reason stands in the envelope of each value; what stays as it is has none",
    head: ["Value", "Chosen", "Reason", "Kept"],
    rows: measurements
      .filter(({ backend }) => backend === "hybrid")
      .map((one) => [
        sampleTitle(one),
        one.choice?.method.replaceAll("+", " → ") ?? "as it is",
        one.choice?.reason ?? none,
        share(keptShare(one)),
      ]),
    numbersFrom: 3,
  };
}

export function faultTable({ faults }: Comparison): TextTable {
  return {
    caption:
      "Each was done to a stored value; the error's code was expected, and the value was read again after mending",
    head: ["What happens", "Error", "Mended by"],
    rows: faults.map(({ says, code, mending }) => [says, code, mending]),
    numbersFrom: 3,
  };
}

export function allTable({ measurements }: Comparison): TextTable {
  return {
    caption: "Every measurement",
    head: ["Value", "Backend", "JSON", "Row", "Outside", "Kept", "Write", "Read", "Rounds"],
    rows: measurements.map((one) => [
      sampleTitle(one),
      labelOf(one.backend),
      bytes(one.json_bytes),
      bytes(one.row_bytes),
      one.outside_bytes === 0 ? none : bytes(one.outside_bytes),
      bytes(keptBytes(one)),
      duration(one.serialize_ms),
      duration(one.deserialize_ms),
      String(one.rounds),
    ]),
    numbersFrom: 2,
  };
}

function sampleTitle({ kind, size_bytes }: Measurement): string {
  return `${kindTitles[kind]}, ${bytes(size_bytes)}`;
}
