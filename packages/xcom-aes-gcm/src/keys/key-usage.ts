import { aesGcmError } from "../errors.ts";

/** How many values a key may encrypt in one process. */
export interface KeyLimits {
  readonly warnAt: number;
  readonly refuseAt: number;
}

/**
 * What NIST SP 800-38D allows a key with random nonces. Each value has a key of its own here, so that the limit could be
 * far higher; it is kept as a second line of defence, in case the machine's randomness is worse than it should be.
 */
export const defaultKeyLimits: KeyLimits = { warnAt: 2 ** 28, refuseAt: 2 ** 32 };

const encryptions = new Map<string, number>();

/**
 * Counts an encryption, over all stages of this process.
 *
 * @throws `XCOM_KEY_EXHAUSTED`
 */
export function countEncryption(keyId: string, { warnAt, refuseAt }: KeyLimits): void {
  const count = (encryptions.get(keyId) ?? 0) + 1;
  if (count > refuseAt) throw aesGcmError("XCOM_KEY_EXHAUSTED", { keyId, limit: refuseAt });
  encryptions.set(keyId, count);
  if (count !== warnAt) return;
  const text = `The encryption key '${keyId}' has encrypted ${count} values in this process: put a new key in front of it soon`;
  process.emitWarning(text, { type: "MillraceWarning", code: "XCOM_KEY_WEARS_OUT" });
}
