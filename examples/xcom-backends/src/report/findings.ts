import type { Measurement } from "../measure/measurement.ts";
import {
  backendsOf,
  bestOf,
  bySize,
  type Comparison,
  keptBytes,
  keptShare,
  kindTitles,
  labelOf,
  largestOfEachKind,
} from "./comparison.ts";
import { bytes, duration, share, whole } from "./number-format.ts";

/** A figure that is worth a card. */
export interface Finding {
  readonly name: string;
  readonly figure: string;
  readonly note: string;
}

/** One sentence about the whole. */
export function headline(comparison: Comparison): string {
  const { measurements, faults } = comparison;
  const kinds = new Set(measurements.map(({ kind }) => kind)).size;
  const rounds = measurements.reduce((sum, one) => sum + one.rounds, 0);
  return `${backendsOf(comparison).length} ways to keep ${kinds} kinds of data, ${whole(rounds)} times written and read: every one gave every value back as it was. ${faults.length} things that can go wrong were told by their own errors, and mended.`;
}

/** What stands out, from the figures alone. */
export function findings(comparison: Comparison): readonly Finding[] {
  const kinds = largestOfEachKind(comparison);
  const smallest = (kind: Measurement["kind"]): Finding[] => {
    const found = kinds.find((one) => one.kind === kind);
    if (!found) return [];
    const best = bestOf(found.of).smallest;
    return [
      {
        name: `${kindTitles[kind]}, ${bytes(found.sizeBytes)}`,
        figure: share(keptShare(best)),
        note: `is the least kept, by ${labelOf(best.backend)}: ${bytes(keptBytes(best))}`,
      },
    ];
  };
  return [
    ...smallest("large"),
    ...smallest("repetitive"),
    ...smallest("binary"),
    ...encryptionCost(comparison),
    ...largestValue(comparison),
  ];
}

function encryptionCost(comparison: Comparison): Finding[] {
  const sizes = bySize(comparison);
  const { sizeBytes, of } = sizes.find((one) => one.sizeBytes >= 10_240) ?? sizes[0];
  const [plain, sealed] = ["as_is", "aes_gcm"].map((name) => of.find(({ backend }) => backend === name));
  if (!plain || !sealed) return [];
  const added = sealed.serialize_ms + sealed.deserialize_ms - plain.serialize_ms - plain.deserialize_ms;
  return [
    {
      name: "Encryption",
      figure: `${added < 0 ? "−" : "+"}${duration(Math.abs(added))}`,
      note: `to write and read ${bytes(sizeBytes)}, over JSON as it is`,
    },
  ];
}

function largestValue(comparison: Comparison): Finding[] {
  const { sizeBytes, of } = bySize(comparison).at(-1) ?? { sizeBytes: 0, of: [] };
  const stack = of.find(({ backend }) => backend === "gzip_aes_file");
  if (!stack) return [];
  return [
    {
      name: `gzip → AES → file, ${bytes(sizeBytes)}`,
      figure: duration(stack.serialize_ms + stack.deserialize_ms),
      note: `written in ${duration(stack.serialize_ms)}, read in ${duration(stack.deserialize_ms)}, ${bytes(keptBytes(stack))} kept`,
    },
  ];
}
