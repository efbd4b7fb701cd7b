import { constants, createGzip, deflateRawSync, gzipSync } from "node:zlib";
import type { XComEnvelope, XComPieces } from "@millrace/core/plugin";

/** An envelope that says this of bytes, true or not. */
export function envelopeSaying(
  originalSize: number,
  compressedSize: number,
  more: Readonly<Record<string, unknown>> = {},
): XComEnvelope {
  return {
    _xcom_compressed: true,
    v: 1,
    original_size: originalSize,
    compressed_size: compressedSize,
    compression_ratio: Math.round((compressedSize / originalSize) * 1e4) / 1e4,
    algorithm: "gzip",
    ...more,
  };
}

/** So many zeros, compressed 1029:1 by gzip without ever being in memory. */
export async function zerosBomb(megabytes: number): Promise<Buffer> {
  const engine = createGzip({ level: 9 });
  const zeros = Buffer.alloc(2 ** 20);
  (async () => {
    for (let left = megabytes; left > 0; left--)
      await new Promise((resolve) => {
        engine.write(zeros, resolve);
      });
    engine.end();
  })();
  const pieces: Buffer[] = [];
  for await (const piece of engine) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

const header = Buffer.from("1f8b0800000000000003", "hex");
/** A megabyte of zeros that may be repeated: it ends at a byte and looks back at nothing. */
const megabyteOfZeros = deflateRawSync(Buffer.alloc(2 ** 20), { finishFlush: constants.Z_FULL_FLUSH });

/** One gzip member that never ends. */
export async function* endlessBomb(): XComPieces {
  yield header;
  while (true) yield megabyteOfZeros;
}

/** One member of so many megabytes that has no end, as a whole. */
export function unendedBomb(megabytes: number): Buffer {
  return Buffer.concat([header, ...Array(megabytes).fill(megabyteOfZeros)]);
}

/** So many empty gzip members, one behind the other. */
export function emptyMembers(count: number): Buffer {
  return Buffer.concat(Array(count).fill(gzipSync(Buffer.alloc(0))));
}
