import { createHash } from "node:crypto";
import { coreError } from "../../src/errors.ts";
import type { XComAddress, XComEnvelope, XComStage } from "../../src/xcom/parts.ts";

export interface KeyedSealing extends XComStage {
  /** How many values it has opened. */
  readonly opened: number;
}

/**
 * A stage that seals with the first of its keys and opens with the one that the envelope names, as encryption does: it
 * binds the address, the key and what lies beneath. Nothing of it is secret.
 */
export function keyedSealing(
  keys: readonly string[],
  options: { readonly declines?: boolean; readonly isStale?: (envelope: XComEnvelope) => boolean } = {},
): KeyedSealing {
  const [writing] = keys;
  let opened = 0;
  const turned = (key: string, bytes: Uint8Array): Uint8Array => {
    const [mask] = createHash("sha256").update(key).digest();
    return bytes.map((byte) => byte ^ mask);
  };
  const sealOf = (key: string, address: XComAddress, inner: unknown, bytes: string): string =>
    createHash("sha256")
      .update(JSON.stringify([key, address, inner ?? null, bytes]))
      .digest("hex");
  const keyOf = ({ key_id: key }: XComEnvelope, { taskId, key: name }: XComAddress): string => {
    if (typeof key === "string" && keys.includes(key)) return key;
    throw coreError("XCOM_CORRUPT", { key: name, taskId, sizeBytes: 0, why: "its key is missing" });
  };
  const check = (envelope: XComEnvelope, address: XComAddress, bytes: string): void => {
    const { seal, key_id: key, inner } = envelope;
    if (seal === sealOf(String(key), address, inner, bytes)) return;
    throw coreError("XCOM_CORRUPT", { key: address.key, taskId: address.taskId, sizeBytes: 0, why: "it was altered" });
  };
  const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  const stale = options.isStale ?? (({ key_id: key }) => key !== writing);
  return {
    kind: "stage",
    name: "sealing",
    marker: "_xcom_sealed",
    bytesField: "sealed",
    effect: "encrypt",
    get opened() {
      return opened;
    },
    async write(bytes, address, inner) {
      if (options.declines) return undefined;
      const made = turned(writing, bytes);
      const seal = sealOf(writing, address, inner, hashOf(made));
      return { envelope: { _xcom_sealed: true, key_id: writing, seal }, bytes: made };
    },
    async read(bytes, envelope, address) {
      const key = keyOf(envelope, address);
      check(envelope, address, hashOf(bytes));
      opened++;
      return turned(key, bytes);
    },
    async writeStream(source, address, inner) {
      if (options.declines) return undefined;
      const hash = createHash("sha256");
      const made = (async function* () {
        for await (const piece of source) {
          const sealed = turned(writing, piece);
          hash.update(sealed);
          yield sealed;
        }
      })();
      return {
        pieces: made,
        envelope: () => ({
          _xcom_sealed: true,
          key_id: writing,
          seal: sealOf(writing, address, inner(), hash.copy().digest("hex")),
        }),
      };
    },
    async *readStream(pieces, envelope, address) {
      const key = keyOf(envelope, address);
      const hash = createHash("sha256");
      for await (const piece of pieces) {
        hash.update(piece);
        yield turned(key, piece);
      }
      check(envelope, address, hash.digest("hex"));
      opened++;
    },
    isStale: stale,
  };
}
