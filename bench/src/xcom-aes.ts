import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { aesGcm } from "@millrace/xcom-aes-gcm";
import type { Contest } from "./xcom-races.ts";
import { benchAddress } from "./xcom-values.ts";

const key = randomBytes(32);
const stage = aesGcm({ keys: [{ id: "bench", key: key.toString("base64") }] });
/** From here on the cipher decides; below, what is done for each value. */
const largeBytes = 65_536;

/** The AES stage beside the two passes over the bytes that it cannot do without: GCM, and an HMAC of the original. */
export const aesContest: Contest = {
  id: "xcomAes",
  name: "XCom AES stage",
  against: "bare GCM and HMAC",
  target: (sizeBytes) => (sizeBytes >= largeBytes ? { ratioAtLeast: 0.9 } : { aboveAtMostUs: 15 }),
  async races(bytes) {
    const written = await stage.write(bytes, benchAddress, undefined);
    if (!written) throw new Error("the AES stage has declined");
    const bare = sealed(bytes);
    return {
      write: { bare: async () => sealed(bytes), part: () => stage.write(bytes, benchAddress, undefined) },
      read: { bare: async () => opened(bare), part: () => stage.read(written.bytes, written.envelope, benchAddress) },
    };
  },
};

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
