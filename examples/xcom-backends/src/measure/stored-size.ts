import type { StoredXCom, XComEnvelope } from "@millrace/core/plugin";

/** Bytes of a stored value in its row and elsewhere, and what its envelopes say. */
export interface StoredSize {
  readonly rowBytes: number;
  readonly outsideBytes: number;
  /** Outermost first. */
  readonly envelopes: readonly XComEnvelope[];
}

const placeMarkers = ["_xcom_file_backend", "_xcom_s3"];

export function storedSize(stored: StoredXCom): StoredSize {
  if (typeof stored === "string") return { rowBytes: Buffer.byteLength(stored), outsideBytes: 0, envelopes: [] };
  const envelopes: XComEnvelope[] = [];
  for (let next: unknown = stored; typeof next === "object" && next !== null; next = (next as XComEnvelope).inner)
    envelopes.push(next as XComEnvelope);
  const placed = envelopes.find((envelope) => placeMarkers.some((marker) => envelope[marker] === true));
  return {
    rowBytes: Buffer.byteLength(JSON.stringify(stored)),
    outsideBytes: typeof placed?.size_bytes === "number" ? placed.size_bytes : 0,
    envelopes,
  };
}

/** The marker of an envelope, for example `_xcom_compressed`. */
export function markerOf(envelope: XComEnvelope): string {
  return Object.keys(envelope).find((field) => field.startsWith("_xcom_") && envelope[field] === true) ?? "unknown";
}
