import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import type { XComSource } from "@millrace/core/plugin";
import { aesGcm } from "@millrace/xcom-aes-gcm";
import type { Contest } from "./xcom-races.ts";
import { benchAddress } from "./xcom-values.ts";

const key = randomBytes(32);
const stage = aesGcm({ keys: [{ id: "bench", key: key.toString("base64") }] });
/** From here on the cipher decides; below, what is done for each value. */
const largeBytes = 65_536;
const pieceBytes = 1_048_576;

/** The AES stage beside the two passes over the bytes that it cannot do without: GCM, and an HMAC of the original. */
export const aesContest: Contest = {
  id: "xcomAes",
  name: "XCom AES stage",
  against: "bare GCM and HMAC",
  target: (sizeBytes) => (sizeBytes >= largeBytes ? { ratioAtLeast: 0.9 } : { aboveAtMostUs: 15 }),
  async races(bytes) {
    if (bytes.length > pieceBytes * 4) return streamRaces(bytes);
    const written = await stage.write(bytes, benchAddress, undefined);
    if (!written) throw new Error("the AES stage has declined");
    const bare = sealed(bytes);
    return {
      write: { bare: async () => sealed(bytes), part: () => stage.write(bytes, benchAddress, undefined) },
      read: { bare: async () => opened(bare), part: () => stage.read(written.bytes, written.envelope, benchAddress) },
    };
  },
};

/** Values of more than 4 MiB go through stages in pieces. */
async function streamRaces(bytes: Buffer): ReturnType<Contest["races"]> {
  const write = async (use: (piece: Uint8Array) => void) => {
    const made = await stage.writeStream?.(sourceOf(bytes), benchAddress, () => undefined);
    if (!made) throw new Error("the AES stage has declined");
    for await (const piece of made.pieces) use(piece);
    return made.envelope();
  };
  const stored: Uint8Array[] = [];
  const envelope = await write((piece) => stored.push(piece));
  async function* again(): AsyncGenerator<Uint8Array> {
    yield* stored;
  }
  const read = async (): Promise<number> => {
    let sizeBytes = 0;
    for await (const piece of stage.readStream?.(again(), envelope, benchAddress) ?? []) sizeBytes += piece.length;
    return sizeBytes;
  };
  const bare = sealed(bytes);
  return {
    write: { bare: async () => sealed(bytes), part: () => write(() => undefined) },
    read: { bare: async () => opened(bare), part: read },
  };
}

function sourceOf(bytes: Buffer): XComSource {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const all = pieces();
  return { head: bytes.subarray(0, 65_536), isWhole: false, [Symbol.asyncIterator]: () => all };
}

interface Sealed {
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly bytes: Buffer;
  readonly mac: Buffer;
}

function sealed(bytes: Buffer): Sealed {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const sealedBytes = cipher.update(bytes);
  cipher.final();
  const mac = createHmac("sha256", key).update(bytes).digest();
  return { iv, tag: cipher.getAuthTag(), bytes: sealedBytes, mac };
}

function opened({ iv, tag, bytes, mac }: Sealed): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, iv);
  decipher.setAuthTag(tag);
  const original = decipher.update(bytes);
  decipher.final();
  if (!createHmac("sha256", key).update(original).digest().equals(mac)) throw new Error("the bare HMAC differs");
  return original;
}
