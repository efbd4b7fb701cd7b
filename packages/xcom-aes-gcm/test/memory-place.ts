import { defineErrors, type XComEnvelope, type XComPlace } from "@millrace/core/plugin";
import { gathered } from "./samples.ts";

const failure = defineErrors({ MEMORY_MISSING: { says: "Nothing is kept as {ref}", cure: "Keep it first." } });

/** A place for tests: what it keeps is in a map. */
export function memoryPlace(name = "memory") {
  const marker = `_xcom_in_${name}`;
  const kept = new Map<string, Uint8Array>();
  let names = 0;
  const keep = (bytes: Uint8Array): XComEnvelope => {
    const ref = `m${++names}`;
    kept.set(ref, Uint8Array.from(bytes));
    return { [marker]: true, v: 1, ref };
  };
  const bytesOf = ({ ref }: XComEnvelope): Uint8Array => {
    const bytes = kept.get(String(ref));
    if (!bytes) throw failure("MEMORY_MISSING", { ref: String(ref) });
    return Uint8Array.from(bytes);
  };
  const place: XComPlace = {
    kind: "place",
    name,
    marker,
    put: async (bytes) => keep(bytes),
    get: async (envelope) => bytesOf(envelope),
    putStream: async (source) => keep(await gathered(source)),
    async *getStream(envelope) {
      const bytes = bytesOf(envelope);
      for (let at = 0; at < bytes.length; at += 1_000_000) yield bytes.subarray(at, at + 1_000_000);
    },
    refOf: ({ ref }) => String(ref),
    async remove(refs) {
      for (const ref of refs) kept.delete(ref);
    },
  };
  return { place, kept };
}
