import type { XComPut } from "../../store/contract.ts";
import type { XComBackendPart, XComEnvelope, XComPlace } from "../parts.ts";

/** The places among the parts of a backend, each once; also those that choosers choose. */
export function placesOf(parts: Iterable<XComBackendPart>): readonly XComPlace[] {
  const places = new Set<XComPlace>();
  for (const part of parts) {
    if (part.kind === "place") places.add(part);
    if (part.kind === "chooser") for (const place of placesOf(part.parts)) places.add(place);
  }
  return [...places];
}

/** What leads to something that a place keeps; `unclear` if that cannot be told. */
export type Lead = { readonly ref: string } | "unclear" | undefined;

/**
 * What a stored XCom leads to in a place; `unclear` if its envelope is damaged or hostile.
 *
 * @param put - a row, or what is to become one
 */
export function leadOf(place: Pick<XComPlace, "marker" | "refOf">, put: Pick<XComPut, "format" | "stored">): Lead {
  // Values that stay in the store may be long: they are not parsed only to see that no place has them.
  if (put.format === "json" || !put.stored.includes(JSON.stringify(place.marker).slice(1, -1))) return undefined;
  try {
    let envelope: unknown = JSON.parse(put.stored);
    while (isEnvelope(envelope)) {
      if (envelope[place.marker] === true) return { ref: place.refOf(envelope) };
      envelope = envelope["inner"];
    }
    return undefined;
  } catch {
    return "unclear";
  }
}

function isEnvelope(value: unknown): value is XComEnvelope {
  return typeof value === "object" && value !== null;
}
