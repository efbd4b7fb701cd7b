import { createCipheriv } from "node:crypto";
import type { XComAddress } from "@millrace/core/plugin";

/** Around the thresholds that parts have by default (100 and 1,024), around blocks, and up to 5 MiB. */
const sizes = [0, 1, 15, 16, 17, 99, 100, 101, 1_023, 1_024, 1_025, 65_535, 65_536, 65_537, 1_048_576, 5_242_880];

/** Bytes of many sizes: random ones, such as repeat themselves, and text. */
export function* sampleBytes(): Generator<{ readonly what: string; readonly bytes: Uint8Array }> {
  for (const size of sizes) {
    yield { what: `${size} random bytes`, bytes: randomBytes(size, size + 1) };
    if (size > 65_536) continue;
    yield { what: `${size} zeros`, bytes: new Uint8Array(size) };
    yield { what: `${size} bytes of JSON text`, bytes: textOf(size) };
  }
}

/** Random bytes, the same for the same seed. */
export function randomBytes(size: number, seed: number): Uint8Array {
  return made(`${size} random ${seed}`, () => {
    const key = Buffer.alloc(16);
    key.writeUInt32LE(seed);
    return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
  });
}

/** JSON text of that many bytes. */
export function textOf(size: number): Uint8Array {
  return made(`${size} of text`, () =>
    Buffer.from(`"${'{"row":1,"text":"äöü"} '.repeat(Math.ceil(size / 22) + 1)}`).subarray(0, size),
  );
}

const known = new Map<string, Uint8Array>();

/** A copy each time, since a part may spoil what it is given; made only once. */
function made(name: string, make: () => Uint8Array): Uint8Array {
  const bytes = known.get(name) ?? make();
  known.set(name, bytes);
  return new Uint8Array(bytes);
}

/** An XCom's address; every one differs from every other. */
export function addressOf(key: string, runId = "manual__2026-01-01T00:00:00Z_1"): XComAddress {
  return { dagId: "sales", runId, taskId: "group.extract", mapIndex: -1, key };
}
