import { defineErrors, isMillraceError, type MillraceError, messageOf, type XComAddress } from "@millrace/core/plugin";

/** Every error of this package, with its cure. None of them shows a key or a value. */
export const aesGcmErrorTable = {
  XCOM_ENCRYPTION_OPTION_INVALID: {
    says: "Option '{option}' of aesGcm is {value}, but {expected}",
    cure: "Give the option a value of the stated kind.",
  },
  XCOM_KEYS_ABSENT: {
    says: "There are no encryption keys in {source}: {why}",
    cure: "Make a key with `openssl rand -base64 32`, and put it there as `<id>:<key>`, for example `k1:` and the key.",
  },
  XCOM_KEYS_INVALID: {
    says: "The encryption keys in {source} cannot be used: {why}",
    cure: "Write `<id>:<key>` or `<id>:<key>:<created, YYYY-MM-DD>`, one a line or separated by commas; a key is 32 bytes in base64 or hex (`openssl rand -base64 32`), or a passphrase of 16 characters or more.",
  },
  XCOM_KEY_FILE_REFUSED: {
    says: "The key file {path} is not safe to use: {why}",
    cure: "Keep keys in a plain file of at most 64 KiB that only this user can read: `chmod 600`, no symbolic link.",
  },
  XCOM_KEY_MISSING: {
    says: "XCom '{key}' of task '{taskId}' was encrypted with the key {keyId}, which is not among the configured keys",
    cure: "Add the key {keyId} behind the first of `keys`; a key may be removed only when no stored value needs it.",
  },
  XCOM_KEY_UNAVAILABLE: {
    says: "The key provider did not {what}: {why}",
    cure: "See that the key service can be reached and lets this process use the key; nothing was written or read.",
  },
  XCOM_KEY_EXHAUSTED: {
    says: "The encryption key {keyId} has encrypted {limit} values in this process, which is its limit",
    cure: "Put a new key in front of `keys`, keep the old one behind it, and restart.",
  },
  XCOM_ENCRYPTION_REFUSED: {
    says: "XCom '{key}' of task '{taskId}' cannot be encrypted: {why}",
    cure: "Correct what is named; nothing was stored.",
  },
  XCOM_DECRYPTION_FAILED: {
    says: "XCom '{key}' of task '{taskId}' cannot be decrypted: it or its envelope was altered, cut or moved here from elsewhere, or its key is another one than when it was written",
    cure: "Check that the key ids still name the same keys; else clear the task that pushed it, so that it is written again.",
  },
  XCOM_PLAIN_REFUSED: {
    says: "XCom '{key}' of task '{taskId}' is stored without encryption, and `acceptPlain` does not allow it",
    cure: "Clear the task that pushed it, so that it is written again; or set acceptPlain to true or a later date while old values are needed.",
  },
} as const;

/** Codes of the errors that this package throws. */
export type AesGcmErrorCode = keyof typeof aesGcmErrorTable;

/** The error of a code of this package. */
export const aesGcmError = defineErrors(aesGcmErrorTable);

/** The one answer to everything that is not as it was written: which of its parts is wrong is nobody's business. */
export function decryptionFailed({ key, taskId }: XComAddress): MillraceError {
  return aesGcmError("XCOM_DECRYPTION_FAILED", { key, taskId });
}

/** What a key provider throws, as one of ours: its own codes and the reason of an abort pass unchanged. */
export function keyUnavailable(what: string, cause: unknown, signal?: AbortSignal): unknown {
  if (isMillraceError(cause) || signal?.aborted) return cause;
  const why = messageOf(cause).slice(0, 300);
  return aesGcmError("XCOM_KEY_UNAVAILABLE", { what, why }, { cause });
}
