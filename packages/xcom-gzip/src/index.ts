/** XComs compressed with gzip, Zstandard or Brotli. */
export type { Algorithm } from "./algorithms.ts";
export { type GzipErrorCode, gzipErrorTable } from "./errors.ts";
export { gzip, gzip as default } from "./gzip.ts";
export { manifest } from "./manifest.ts";
export type { GzipOptions } from "./options.ts";
