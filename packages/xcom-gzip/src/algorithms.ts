import type { Transform } from "node:stream";
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createGzip,
  createInflateRaw,
  createZstdCompress,
  createZstdDecompress,
  gzipSync,
  inflateRawSync,
  type Zlib,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { bareFrame, type Frame, gzipFrame } from "./frames.ts";
import { zstdFrame } from "./zstd-frame.ts";

export const algorithmNames = ["gzip", "zstd", "brotli"] as const;

/** How bytes are compressed. */
export type Algorithm = (typeof algorithmNames)[number];

/** A compressor or decompressor of node:zlib, which works beside the event loop. */
export type Engine = Transform & Pick<Zlib, "bytesWritten">;

interface Limits {
  readonly chunkSize: number;
  readonly maxOutputLength: number;
}

/** One way to compress. */
export interface Codec {
  readonly levels: { readonly least: number; readonly most: number; readonly usual: number };
  /** Up to this level 16 KiB are compressed in less than a millisecond. */
  readonly quickLevel: number;
  /** Where the checksum of the original bytes stands: inside of the data, where the decompressor checks it, behind them, or in the envelope. */
  readonly checksum: "inside" | "behind" | "envelope";
  compressor(level: number, chunkSize: number): Engine;
  compressAtOnce(bytes: Uint8Array, level: number, limits: Limits): Buffer;
  /** What stands around the body that the decompressor takes. */
  frame(): Frame;
  decompressor(chunkSize: number): Engine;
  /** Fails when there is anything behind the end of the body. */
  decompressAtOnce(body: Uint8Array, limits: Limits): Buffer;
}

/** Level 19 needs 8 MiB to be read; data that ask for more are not ours. */
const zstdReading = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

function zstdWriting(level: number) {
  return { params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 } };
}

function brotliWriting(level: number) {
  return { params: { [constants.BROTLI_PARAM_QUALITY]: level } };
}

const nothingBehind = { rejectGarbageAfterEnd: true } as const;

const codecs: Readonly<Record<Algorithm, Codec>> = {
  gzip: {
    levels: { least: 1, most: 9, usual: 6 },
    quickLevel: 9,
    checksum: "behind",
    compressor: (level, chunkSize) => createGzip({ level, chunkSize }),
    compressAtOnce: (bytes, level, limits) => gzipSync(bytes, { level, ...limits }),
    frame: gzipFrame,
    decompressor: (chunkSize) => createInflateRaw({ chunkSize }),
    decompressAtOnce: (body, limits) => inflateRawSync(body, { ...limits, ...nothingBehind }),
  },
  zstd: {
    // Above 19 reading takes up to 128 MiB.
    levels: { least: 1, most: 19, usual: 3 },
    quickLevel: 9,
    checksum: "inside",
    compressor: (level, chunkSize) => createZstdCompress({ ...zstdWriting(level), chunkSize }),
    compressAtOnce: (bytes, level, limits) => zstdCompressSync(bytes, { ...zstdWriting(level), ...limits }),
    frame: zstdFrame,
    decompressor: (chunkSize) => createZstdDecompress({ ...zstdReading, chunkSize }),
    decompressAtOnce: (body, limits) => zstdDecompressSync(body, { ...zstdReading, ...limits, ...nothingBehind }),
  },
  brotli: {
    // Node's own default is 11, which takes 2 s for a megabyte.
    levels: { least: 0, most: 11, usual: 5 },
    quickLevel: 6,
    checksum: "envelope",
    compressor: (level, chunkSize) => createBrotliCompress({ ...brotliWriting(level), chunkSize }),
    compressAtOnce: (bytes, level, limits) => brotliCompressSync(bytes, { ...brotliWriting(level), ...limits }),
    frame: bareFrame,
    decompressor: (chunkSize) => createBrotliDecompress({ chunkSize }),
    decompressAtOnce: (body, limits) => brotliDecompressSync(body, { ...limits, ...nothingBehind }),
  },
};

export function codecOf(algorithm: Algorithm): Codec {
  return codecs[algorithm];
}

export function levelsOf(algorithm: Algorithm): Codec["levels"] {
  return codecs[algorithm].levels;
}

export function isAlgorithm(value: unknown): value is Algorithm {
  return algorithmNames.includes(value as Algorithm);
}
