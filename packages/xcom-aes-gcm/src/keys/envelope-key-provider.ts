import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { type Clock, systemClock } from "@millrace/core/plugin";
import { aesGcmError, keyUnavailable } from "../errors.ts";
import type { KeyProvider, XComKey } from "./key-provider.ts";

/** A key service that wraps data keys with keys which never leave it. */
export interface KeyWrapper {
  /** Id of the key that wraps new data keys. */
  writingKeyId(): string;
  /** The data key (32 bytes) as only the service can open it, at most 1,024 bytes. Wrap with the writing key. */
  wrap(dataKey: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  /** The data key. `undefined`: the service has no key of this id; `"altered"`: that key has not wrapped these bytes. */
  unwrap(keyId: string, wrapped: Uint8Array, signal?: AbortSignal): Promise<Uint8Array | "altered" | undefined>;
  open?(): Promise<readonly string[]>;
  close?(): Promise<void>;
}

export interface EnvelopeKeyOptions {
  readonly wrapper: KeyWrapper;
  /** How long a data key is used for writing, and a read one is kept, in milliseconds. Default 300,000. */
  readonly maxAgeMs?: number;
  /** How many values one data key encrypts. Default 10,000. */
  readonly maxMessages?: number;
  /** How many data keys of read values are kept. Default 1,000. */
  readonly maxKept?: number;
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, "now">;
}

/**
 * Envelope encryption: values are encrypted with data keys, and these are stored with the values as a key service has
 * wrapped them. The service is asked once for many values.
 *
 * Throws `XCOM_KEY_UNAVAILABLE` for whatever the service throws, unless that has a code of its own.
 *
 * @example
 * ```ts no-run
 * import { aesGcm, envelopeKeyProvider } from "@millrace/xcom-aes-gcm";
 *
 * declare const kms: { encrypt(key: Uint8Array): Promise<Uint8Array>; decrypt(wrapped: Uint8Array): Promise<Uint8Array> };
 * const keys = envelopeKeyProvider({
 *   wrapper: {
 *     writingKeyId: () => "alias/millrace",
 *     wrap: (dataKey) => kms.encrypt(dataKey),
 *     unwrap: async (id, wrapped) => (id === "alias/millrace" ? kms.decrypt(wrapped) : undefined),
 *   },
 * });
 * export const stage = aesGcm({ keys });
 * ```
 */
export function envelopeKeyProvider(options: EnvelopeKeyOptions): KeyProvider {
  const { wrapper, maxAgeMs = 300_000, maxMessages = 10_000, maxKept = 1_000, clock = systemClock } = options;
  for (const [option, value] of Object.entries({ maxAgeMs, maxMessages, maxKept }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw aesGcmError("XCOM_ENCRYPTION_OPTION_INVALID", {
        option,
        value,
        expected: "it is a whole number from 1 on",
      });
  let writing:
    | { readonly id: string; readonly made: Promise<XComKey>; readonly at: number; messages: number }
    | undefined;
  const kept = new Map<string, { readonly key: KeyObject; readonly at: number }>();
  const isFresh = (at: number): boolean => Math.abs(clock.now() - at) < maxAgeMs;

  const makeKey = async (id: string, signal: AbortSignal | undefined): Promise<XComKey> => {
    const dataKey = randomBytes(32);
    const wrapped = await asked("wrap a data key", () => wrapper.wrap(dataKey, signal), signal);
    if (!(wrapped instanceof Uint8Array) || wrapped.length < 1 || wrapped.length > 1_024)
      throw keyUnavailable("wrap a data key", new TypeError("the wrapped key is no 1 to 1,024 bytes"));
    return { id, key: createSecretKey(dataKey), wrapped: Uint8Array.from(wrapped) };
  };

  return {
    open: async () => (await wrapper.open?.()) ?? [],
    close: async () => wrapper.close?.(),
    writingKeyId: () => wrapper.writingKeyId(),
    async writingKey() {
      const id = wrapper.writingKeyId();
      if (writing?.id === id && isFresh(writing.at) && writing.messages < maxMessages) {
        writing.messages++;
        return writing.made;
      }
      // Several values may wait for this key: none of them may call it off for the others.
      const next = { id, made: makeKey(id, undefined), at: clock.now(), messages: 1 };
      writing = next;
      next.made.catch(() => {
        if (writing === next) writing = undefined;
      });
      return next.made;
    },
    async findKey(id, wrapped, signal) {
      if (!wrapped) return undefined;
      const name = `${id}\n${Buffer.from(wrapped).toString("base64")}`;
      const found = kept.get(name);
      if (found && isFresh(found.at)) return { id, key: found.key, wrapped };
      const dataKey = await asked("unwrap a data key", () => wrapper.unwrap(id, wrapped, signal), signal);
      if (dataKey === undefined || dataKey === "altered") return dataKey;
      if (dataKey.length !== 32)
        throw keyUnavailable("unwrap a data key", new TypeError("the data key has no 32 bytes"));
      const key = createSecretKey(Buffer.from(dataKey));
      kept.delete(name);
      kept.set(name, { key, at: clock.now() });
      for (const oldest of kept.keys()) {
        if (kept.size <= maxKept) break;
        kept.delete(oldest);
      }
      return { id, key, wrapped };
    },
  };
}

async function asked<T>(what: string, ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw keyUnavailable(what, error, signal);
  }
}
