import type { PlacedXCom, XComAddress, XComPlace } from "../../src/xcom/parts.ts";

interface Kept extends PlacedXCom {
  readonly bytes: Uint8Array;
}

/** A place in memory that a collector can list, with everything that it keeps to look at. */
export interface ListingPlace {
  readonly place: XComPlace;
  readonly kept: ReadonlyMap<string, PlacedXCom>;
  /** Something that was begun at this instant, and is not finished. */
  begin(address: XComAddress, at?: number): void;
  /** Called before each thing that is listed, and before each removal. */
  meanwhile: (() => Promise<void>) | undefined;
  /** How many were removed by each call. */
  readonly removals: readonly number[];
}

/** @param now - the instant at which something is put */
export function listingPlace(now: () => number, marker = "_xcom_listed"): ListingPlace {
  const kept = new Map<string, Kept>();
  const removals: number[] = [];
  let count = 0;
  const keep = (bytes: Uint8Array, address: XComAddress, isPartial: boolean, at = now()): string => {
    const ref = `${address.dagId}/${address.runId}/${++count}`;
    kept.set(ref, { ref, address, bytes: Uint8Array.from(bytes), sizeBytes: bytes.length, createdAt: at, isPartial });
    return ref;
  };
  const control: ListingPlace = {
    kept,
    removals,
    meanwhile: undefined,
    begin: (address, at) => void keep(Uint8Array.of(1), address, true, at),
    place: {
      kind: "place",
      name: "listed",
      marker,
      put: async (bytes, address) => ({ [marker]: true, v: 1, ref: keep(bytes, address, false) }),
      async get(envelope) {
        const found = kept.get(String(envelope["ref"]));
        if (!found) throw new Error("it is not there");
        return found.bytes;
      },
      refOf({ ref }) {
        if (typeof ref !== "string") throw new Error("no ref");
        return ref;
      },
      async remove(refs) {
        await control.meanwhile?.();
        removals.push(refs.length);
        for (const ref of refs) kept.delete(ref);
      },
      async *list({ dagId, runId, taskId } = {}) {
        for (const { bytes: _, ...object } of [...kept.values()].sort((a, b) => (a.ref < b.ref ? -1 : 1))) {
          const { address } = object;
          if (dagId !== undefined && address?.dagId !== dagId) continue;
          if (runId !== undefined && address?.runId !== runId) continue;
          if (taskId !== undefined && address?.taskId !== taskId) continue;
          await control.meanwhile?.();
          if (kept.has(object.ref)) yield object;
        }
      },
    },
  };
  return control;
}
