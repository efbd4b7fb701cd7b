import { createHash, createHmac } from "node:crypto";

export type ChecksumAlgorithm = "hmac-sha256" | "sha256";

/** Takes in a value's bytes as they come, and gives the text that is stored as `checksum`. */
export interface Checksum {
  update(bytes: Uint8Array): void;
  /** @param inner - canonical JSON of the envelope beneath, `""` for none */
  text(inner: string): string;
}

export function isChecksumAlgorithm(value: unknown): value is ChecksumAlgorithm {
  return value === "hmac-sha256" || value === "sha256";
}

/** The checksum of a value, by the algorithm that its envelope names. */
export function checksumOf(algorithm: ChecksumAlgorithm, macKey: Buffer, keyId: string, context: string): Checksum {
  return algorithm === "sha256" ? plainChecksum() : keyedChecksum(macKey, keyId, context);
}

/**
 * HMAC of context, value, envelope beneath, a colon and the value's length in decimal digits. The context ends by itself, and
 * the length tells where the value ends: so nothing can be moved from one of them to another.
 */
function keyedChecksum(macKey: Buffer, keyId: string, context: string): Checksum {
  const mac = createHmac("sha256", macKey).update(context);
  let sizeBytes = 0;
  return {
    update(bytes) {
      mac.update(bytes);
      sizeBytes += bytes.byteLength;
    },
    text(inner) {
      return `hmac-sha256:${keyId}:${mac.update(`${inner}:${sizeBytes}`).digest("hex")}`;
    },
  };
}

function plainChecksum(): Checksum {
  const hash = createHash("sha256");
  return {
    update(bytes) {
      hash.update(bytes);
    },
    text: () => hash.digest("hex"),
  };
}
