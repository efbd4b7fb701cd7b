import { createHash } from "node:crypto";
import { defineErrors, type XComAddress, type XComPlace, type XComStage } from "@millrace/core/plugin";

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
    async write(bytes, _address, _inner, call) {
      call?.signal?.throwIfAborted();
      if (bytes.length < 100) return undefined;
      const made = turned(bytes);
      return {
        envelope: { _xcom_sampled: true, v: 1, size_bytes: bytes.length, checksum: sumOf(made) },
        bytes: made,
      };
    },
    async read(bytes, { size_bytes: sizeBytes, checksum }, _address, call) {
      call?.signal?.throwIfAborted();
      if (typeof sizeBytes !== "number" || typeof checksum !== "string") throw failure("SAMPLE_ENVELOPE");
      if (sumOf(bytes) !== checksum) throw failure("SAMPLE_ALTERED");
      return turned(bytes);
    },
    async writeStream(source, _address, _inner, call) {
      if (source.isWhole && source.head.length < 100) return undefined;
      const sum = createHash("sha256");
      let size = 0;
      async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
        for await (const piece of source) {
          call?.signal?.throwIfAborted();
          const bytes = turned(piece);
          sum.update(bytes);
          size += bytes.length;
          yield bytes;
        }
      }
      const checksum = (): string => sum.copy().digest("hex");
      return {
        pieces: pieces(),
        envelope: () => ({ _xcom_sampled: true, v: 1, size_bytes: size, checksum: checksum() }),
      };
    },
    async *readStream(pieces, { size_bytes: sizeBytes, checksum }, _address, call) {
      if (typeof sizeBytes !== "number" || typeof checksum !== "string") throw failure("SAMPLE_ENVELOPE");
      const sum = createHash("sha256");
      call?.signal?.throwIfAborted();
      for await (const piece of pieces) {
        call?.signal?.throwIfAborted();
        sum.update(piece);
        yield turned(piece);
      }
      if (sum.digest("hex") !== checksum) throw failure("SAMPLE_ALTERED");
    },
  };
}

/** A small place that does it right: it keeps bytes in a map. */
export function samplePlace() {
  const kept = new Map<string, Uint8Array>();
  const addresses = new Map<string, XComAddress>();
  let count = 0;
  const pathOf = ({ path }: Readonly<Record<string, unknown>>): string => {
    if (typeof path !== "string" || !/^\d+$/.test(path)) throw failure("SAMPLE_ENVELOPE");
    return path;
  };
  const place: XComPlace = {
    kind: "place",
    name: "sample",
    marker: "_xcom_sample_place",
    async put(bytes, address, _inner, call) {
      call?.signal?.throwIfAborted();
      const path = String(++count);
      kept.set(path, Uint8Array.from(bytes));
      addresses.set(path, address);
      return { _xcom_sample_place: true, v: 1, path, size_bytes: bytes.length, checksum: sumOf(bytes) };
    },
    async get(envelope, _address, call) {
      call?.signal?.throwIfAborted();
      const bytes = kept.get(pathOf(envelope));
      if (!bytes) throw failure("SAMPLE_MISSING");
      if (bytes.length < Number(envelope.size_bytes)) throw failure("SAMPLE_TRUNCATED");
      if (sumOf(bytes) !== envelope.checksum) throw failure("SAMPLE_ALTERED");
      return Uint8Array.from(bytes);
    },
    async putStream(source, address, call) {
      const pieces: Uint8Array[] = [];
      for await (const piece of source) {
        call?.signal?.throwIfAborted();
        pieces.push(piece);
      }
      return place.put(Buffer.concat(pieces), address, undefined, call);
    },
    async *getStream(envelope, address, call) {
      const bytes = await place.get(envelope, address, call);
      for (let at = 0; at < bytes.length; at += 500_000) yield bytes.slice(at, at + 500_000);
    },
    async *list({ dagId, runId, taskId } = {}) {
      const all = [...addresses].filter(([path]) => kept.has(path));
      all.sort(([, one], [, other]) => (one.runId < other.runId ? -1 : one.runId > other.runId ? 1 : 0));
      for (const [ref, address] of all) {
        if (dagId !== undefined && address.dagId !== dagId) continue;
        if (runId !== undefined && address.runId !== runId) continue;
        if (taskId !== undefined && address.taskId !== taskId) continue;
        const sizeBytes = kept.get(ref)?.length ?? 0;
        yield { ref, address, sizeBytes, createdAt: 1, isPartial: false };
      }
    },
    refOf: pathOf,
    async remove(paths) {
      for (const path of paths) kept.delete(path);
    },
  };
  return { place, kept };
}

/** Every bit the other way. */
function turned(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let at = 0; at < copy.length; at++) copy[at] = (copy[at] as number) ^ 0xff;
  return copy;
}

function sumOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
