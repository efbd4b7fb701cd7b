import { hkdfSync, randomBytes } from "node:crypto";
import { opening, sealing, tagBytes } from "../sealing/gcm.ts";
import { type EnvelopeKeyOptions, envelopeKeyProvider, type KeyWrapper } from "./envelope-key-provider.ts";
import type { KeyProvider, XComKey } from "./key-provider.ts";
import { type KeyRingSource, keyRing } from "./key-ring.ts";

export interface LocalKeyOptions extends Omit<EnvelopeKeyOptions, "wrapper"> {
  /** The first one wraps, all unwrap. */
  readonly keys: KeyRingSource;
}

const ivBytes = 12;

/**
 * Envelope encryption whose key service is this process: data keys are wrapped with AES-256-GCM. It shows how a provider
 * for a key service is made, and serves to try one without the service.
 *
 * @throws `XCOM_KEYS_INVALID`
 * @example
 * ```ts
 * import { randomBytes } from "node:crypto";
 * import { xcomBackend } from "@millrace/core/plugin";
 * import { aesGcm, localKeyProvider } from "@millrace/xcom-aes-gcm";
 *
 * const keys = localKeyProvider({ keys: [{ id: "k1", key: randomBytes(32) }], maxMessages: 1_000 });
 * const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "return_value" };
 * const backend = xcomBackend([aesGcm({ keys })]);
 * const stored = await backend.serialize({ rows: 3 }, address);
 * console.log(await backend.deserialize(stored, address)); // { rows: 3 }
 * ```
 */
export function localKeyProvider({ keys, ...options }: LocalKeyOptions): KeyProvider {
  return envelopeKeyProvider({ ...options, wrapper: localKeyWrapper(keys) });
}

/** Wraps with keys of a ring: the stored form is iv, wrapped key and tag. */
function localKeyWrapper(keys: KeyRingSource): KeyWrapper {
  const ring = keyRing(keys);
  return {
    open: async () => (await ring.open?.()) ?? [],
    writingKeyId: () => ring.writingKeyId(),
    async wrap(dataKey) {
      const master = await ring.writingKey();
      const iv = randomBytes(ivBytes);
      const message = sealing(wrappingKey(master), iv, authenticatedOf(master.id));
      const wrapped = message.update(dataKey);
      return Buffer.concat([iv, wrapped, message.tag()]);
    },
    async unwrap(keyId, wrapped) {
      const master = await ring.findKey(keyId);
      if (!master) return undefined;
      if (wrapped.length !== ivBytes + 32 + tagBytes) return "altered";
      const bytes = Buffer.from(wrapped);
      const message = opening(wrappingKey(master), bytes.subarray(0, ivBytes), authenticatedOf(keyId));
      const dataKey = message.update(bytes.subarray(ivBytes, -tagBytes));
      return message.isAuthentic(bytes.subarray(-tagBytes)) ? dataKey : "altered";
    },
  };
}

/** Not the key itself: that may also encrypt values. */
function wrappingKey({ key }: XComKey): Buffer {
  return Buffer.from(hkdfSync("sha256", key, "", "millrace.xcom.aes-gcm.v1 key-wrapping", 32));
}

function authenticatedOf(keyId: string): string {
  return `millrace.xcom.aes-gcm.v1 wrapped-key:${keyId}`;
}
