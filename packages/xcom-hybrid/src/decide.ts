import type { Sensitivity } from "./sensitivity.ts";

/** What is known of a value. */
export interface ValueTraits {
  /** `undefined`: a stream that is longer than its head. */
  readonly sizeBytes: number | undefined;
  readonly sensitivity: Sensitivity | undefined;
  /** Compressed size / size; `undefined` where nobody asked. */
  readonly ratio: number | undefined;
}

/** What may be done with it, and from when on it pays. */
export interface DecisionLimits {
  readonly canCompress: boolean;
  readonly canEncrypt: boolean;
  readonly canPlace: boolean;
  readonly inlineBytes: number;
  readonly offloadBytes: number;
  readonly minGain: number;
}

export interface Decision {
  readonly compress: boolean;
  readonly encrypt: boolean;
  readonly place: boolean;
  readonly reasons: readonly string[];
}

/** Bytes that a stage made stay in the store as base64. */
const base64Growth = 4 / 3;

/** Decides by size, sensitivity and compressibility, in this order: the smaller a value is, the less is worth while. */
export function decide({ sizeBytes, sensitivity, ratio }: ValueTraits, limits: DecisionLimits): Decision {
  const isSmall = isSmallValue(sizeBytes, limits);
  const encrypt = limits.canEncrypt && sensitivity !== undefined;
  const reasons: string[] = encrypt ? [sensitiveBecause[sensitivity]] : [];
  if (isSmall) return { compress: false, encrypt, place: false, reasons: [...reasons, "small"] };

  // Plain text in the store is no base64: there compression has to make up for that as well.
  const isBase64Anyway = encrypt || sizeBytes === undefined || (limits.canPlace && sizeBytes > limits.offloadBytes);
  const gain = 1 - (ratio ?? 1) * (isBase64Anyway ? 1 : base64Growth);
  const compress = limits.canCompress && gain >= limits.minGain;
  if (limits.canCompress) reasons.push(compress ? "compresses" : "does not compress enough");

  const growth = compress || encrypt ? base64Growth : 1;
  const inStore = sizeBytes === undefined ? Infinity : sizeBytes * (compress ? (ratio ?? 1) : 1) * growth;
  const place = limits.canPlace && inStore > limits.offloadBytes;
  if (limits.canPlace) reasons.push(place ? "large" : "fits into the store");
  return { compress, encrypt, place, reasons };
}

/** True for what is neither compressed nor put elsewhere. */
export function isSmallValue(
  sizeBytes: number | undefined,
  { inlineBytes }: Pick<DecisionLimits, "inlineBytes">,
): boolean {
  return sizeBytes !== undefined && sizeBytes <= inlineBytes;
}

const sensitiveBecause: Readonly<Record<Sensitivity, string>> = {
  always: "everything is encrypted",
  named: "its DAG, task or key is named as sensitive",
  keyword: "contains a sensitive keyword",
  unseen: "cannot be looked at as a whole",
};
