/** Chooses for each XCom how it is kept: as it is, compressed, encrypted, outside of the store. */
export { type HybridErrorCode, hybridErrorTable } from "./errors.ts";
export { hybrid, hybrid as default } from "./hybrid.ts";
export { manifest } from "./manifest.ts";
export type { HybridOptions, SensitiveOptions } from "./options.ts";
export { defaultKeywords } from "./sensitivity.ts";
