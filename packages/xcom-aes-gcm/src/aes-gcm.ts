import { resolve } from "node:path";
import { shown, systemClock, type XComAddress, type XComStage } from "@millrace/core/plugin";
import { aesGcmError, decryptionFailed, keyUnavailable } from "./errors.ts";
import { isKeyProvider, type KeyProvider, type XComKey } from "./keys/key-provider.ts";
import { keyRing } from "./keys/key-ring.ts";
import { countEncryption, defaultKeyLimits, type KeyLimits } from "./keys/key-usage.ts";
import { type AesGcmOptions, checkOptions } from "./options.ts";
import { marker } from "./sealing/envelope.ts";
import { openBytes, openPieces, type SealedValue, sealedValueOf } from "./sealing/open.ts";
import { type SealingOptions, sealBytes, sealPieces } from "./sealing/seal.ts";
import { defaultSensitiveKeywords, sensitivityTest } from "./sensitivity.ts";
import { startWarnings } from "./start-warnings.ts";

/**
 * A stage that encrypts values with AES-256-GCM. A value opens only at the address it was written for, over the envelope
 * beneath that it was written over, and with the key whose id it names.
 *
 * @throws `XCOM_ENCRYPTION_OPTION_INVALID`, `XCOM_KEYS_INVALID`; the stage `XCOM_KEYS_ABSENT`, `XCOM_KEY_FILE_REFUSED`,
 * `XCOM_KEY_MISSING`, `XCOM_KEY_UNAVAILABLE`, `XCOM_KEY_EXHAUSTED`, `XCOM_ENCRYPTION_REFUSED`, `XCOM_DECRYPTION_FAILED`,
 * `XCOM_PLAIN_REFUSED`
 * @example
 * ```ts
 * import { randomBytes } from "node:crypto";
 * import { xcomBackend } from "@millrace/core/plugin";
 * import { aesGcm } from "@millrace/xcom-aes-gcm";
 *
 * const backend = xcomBackend([aesGcm({ keys: [{ id: "2026-11", key: randomBytes(32) }] })]);
 * const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "return_value" };
 * const stored = await backend.serialize({ card: "4111 1111" }, address);
 * console.log(JSON.stringify(stored).includes("4111")); // false
 * console.log(await backend.deserialize(stored, address)); // { card: '4111 1111' }
 * ```
 */
export function aesGcm(options: AesGcmOptions): XComStage {
  return aesGcmStage(options);
}

/** What only tests and the manifest set. */
export interface StageSurroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Relative paths count from here. Default: the current folder. */
  readonly baseDir?: string;
  readonly keyLimits?: KeyLimits;
  readonly segmentBytes?: number;
  readonly mostSegments?: number;
}

export function aesGcmStage(given: AesGcmOptions, surroundings: StageSurroundings = {}): XComStage {
  const { env, baseDir, keyLimits = defaultKeyLimits, ...sizes } = surroundings;
  const options = checkOptions(given);
  const { encrypt = "always", checksum = "hmac-sha256", acceptPlain = true, clock = systemClock } = options;
  const keys = providerOf(options.keys, env, baseDir);
  const isSensitive =
    encrypt === "sensitive" ? sensitivityTest(options.sensitiveKeywords ?? defaultSensitiveKeywords) : () => true;
  const plainUntil = typeof acceptPlain === "string" ? Date.parse(acceptPlain) : undefined;

  const sealingOptions = async (address: XComAddress, signal: AbortSignal | undefined): Promise<SealingOptions> => {
    const key = await writingKey(keys, signal);
    countEncryption(key.id, keyLimits);
    const encryptedAt = new Date(clock.now()).toISOString();
    return { key, address, checksumAlgorithm: checksum, encryptedAt, signal, ...sizes };
  };

  return {
    kind: "stage",
    name: "aes-gcm",
    marker,
    bytesField: "encrypted_data",
    effect: "encrypt",
    open: () => startWarnings(options, keys, clock),
    close: async () => keys.close?.(),
    async write(bytes, address, inner, call) {
      call?.signal?.throwIfAborted();
      if (!isSensitive(bytes, address)) return undefined;
      return sealBytes(bytes, inner, await sealingOptions(address, call?.signal));
    },
    async read(bytes, envelope, address, call) {
      call?.signal?.throwIfAborted();
      const value = sealedValueOf(envelope, address);
      return openBytes(bytes, value, await keyOf(keys, value, call?.signal), call?.signal);
    },
    async writeStream(source, address, inner, call) {
      call?.signal?.throwIfAborted();
      // What lies behind the head cannot be looked through any more once it is decided.
      if (source.isWhole && !isSensitive(source.head, address)) return undefined;
      return sealPieces(source, inner, await sealingOptions(address, call?.signal));
    },
    async *readStream(pieces, envelope, address, call) {
      call?.signal?.throwIfAborted();
      const value = sealedValueOf(envelope, address);
      yield* openPieces(pieces, value, await keyOf(keys, value, call?.signal), call?.signal);
    },
    admit(markers, { key, taskId }) {
      const isAccepted = plainUntil === undefined ? acceptPlain === true : clock.now() < plainUntil;
      if (encrypt === "always" && !isAccepted && !markers.includes(marker))
        throw aesGcmError("XCOM_PLAIN_REFUSED", { key, taskId });
    },
    isStale: (envelope) => envelope.key_id !== keys.writingKeyId(),
  };
}

function providerOf(keys: AesGcmOptions["keys"], env: StageSurroundings["env"], baseDir = "."): KeyProvider {
  if (isKeyProvider(keys)) return keys;
  return keyRing("file" in keys ? { file: resolve(baseDir, keys.file) } : keys, env);
}

async function writingKey(keys: KeyProvider, signal: AbortSignal | undefined): Promise<XComKey> {
  try {
    return checkedKey(await keys.writingKey(signal));
  } catch (error) {
    throw keyUnavailable("give the key that writes", error, signal);
  }
}

/** The one key that a value names. */
async function keyOf(
  keys: KeyProvider,
  { sealed, address }: SealedValue,
  signal: AbortSignal | undefined,
): Promise<XComKey> {
  const { keyId, wrappedKey } = sealed;
  const wrapped = wrappedKey === undefined ? undefined : Buffer.from(wrappedKey, "base64");
  try {
    const found = await keys.findKey(keyId, wrapped, signal);
    if (found === "altered") throw decryptionFailed(address);
    if (found === undefined) throw keyMissing(keyId, address);
    return checkedKey(found);
  } catch (error) {
    throw keyUnavailable("find a key", error, signal);
  }
}

/** A key as a provider gave it: somebody else may have written that one. */
function checkedKey(found: XComKey): XComKey {
  const { id, key, wrapped } = found;
  const sizeBytes = key instanceof Uint8Array ? key.length : key?.symmetricKeySize;
  const isKey = sizeBytes === 32 && (wrapped === undefined || (wrapped.length >= 1 && wrapped.length <= 1_024));
  if (!isKey || typeof id !== "string" || id.length < 1 || id.length > 256 || !id.isWellFormed())
    throw new TypeError("The provider's key is not 32 bytes with an id of 1 to 256 characters");
  return found;
}

function keyMissing(keyId: string, { key, taskId }: XComAddress): Error {
  return aesGcmError("XCOM_KEY_MISSING", { key, taskId, keyId: shown(keyId) });
}
