import { createHash } from "node:crypto";
import { defineErrors, type XComPlace, type XComStage } from "@millrace/core/plugin";

const failure = defineErrors({
  SAMPLE_MISSING: { says: "The bytes are gone", cure: "Write them again." },
  SAMPLE_TRUNCATED: { says: "The bytes end early", cure: "Write them again." },
  SAMPLE_ALTERED: { says: "The bytes are not those that were written", cure: "Write them again." },
  SAMPLE_ENVELOPE: { says: "The envelope is not one of this part", cure: "Use the part that wrote it." },
});

/** A small stage that does it right: every byte is turned round, and a checksum says whether they are the same. */
export function sampleStage(): XComStage {
  return {
    kind: "stage",
    name: "sample",
    marker: "_xcom_sampled",
    bytesField: "data",
    effect: "other",
    async write(bytes) {
      if (bytes.length < 100) return undefined;
      const turned = bytes.map((byte) => byte ^ 0xff);
      return {
        envelope: { _xcom_sampled: true, v: 1, size_bytes: bytes.length, checksum: sumOf(turned) },
        bytes: turned,
      };
    },
    async read(bytes, { size_bytes: sizeBytes, checksum }) {
      if (typeof sizeBytes !== "number" || typeof checksum !== "string") throw failure("SAMPLE_ENVELOPE");
      if (sumOf(bytes) !== checksum) throw failure("SAMPLE_ALTERED");
      return bytes.map((byte) => byte ^ 0xff);
    },
  };
}

/** A small place that does it right: it keeps bytes in a map. */
export function samplePlace() {
  const kept = new Map<string, Uint8Array>();
  let count = 0;
  const pathOf = ({ path }: Readonly<Record<string, unknown>>): string => {
    if (typeof path !== "string" || !/^\d+$/.test(path)) throw failure("SAMPLE_ENVELOPE");
    return path;
  };
  const place: XComPlace = {
    kind: "place",
    name: "sample",
    marker: "_xcom_sample_place",
    async put(bytes) {
      const path = String(++count);
      kept.set(path, Uint8Array.from(bytes));
      return { _xcom_sample_place: true, v: 1, path, size_bytes: bytes.length, checksum: sumOf(bytes) };
    },
    async get(envelope) {
      const bytes = kept.get(pathOf(envelope));
      if (!bytes) throw failure("SAMPLE_MISSING");
      if (bytes.length < Number(envelope.size_bytes)) throw failure("SAMPLE_TRUNCATED");
      if (sumOf(bytes) !== envelope.checksum) throw failure("SAMPLE_ALTERED");
      return Uint8Array.from(bytes);
    },
    refOf: pathOf,
    async remove(paths) {
      for (const path of paths) kept.delete(path);
    },
  };
  return { place, kept };
}

function sumOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
