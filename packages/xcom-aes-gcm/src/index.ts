/** Encrypts XComs with AES-256-GCM. */
export { aesGcm, aesGcm as default } from "./aes-gcm.ts";
export { type AesGcmErrorCode, aesGcmErrorTable } from "./errors.ts";
export { type EnvelopeKeyOptions, envelopeKeyProvider, type KeyWrapper } from "./keys/envelope-key-provider.ts";
export type { KeyEntry } from "./keys/key-entry.ts";
export type { FoundKey, KeyProvider, XComKey } from "./keys/key-provider.ts";
export type { KeyRingSource } from "./keys/key-ring.ts";
export { type LocalKeyOptions, localKeyProvider } from "./keys/local-key-provider.ts";
export { manifest } from "./manifest.ts";
export type { AesGcmOptions } from "./options.ts";
export { defaultSensitiveKeywords } from "./sensitivity.ts";
