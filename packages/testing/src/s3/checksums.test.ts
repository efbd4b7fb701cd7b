import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChecksumAlgorithm, checksumAlgorithms, checksumBytes, checksumOf } from "./checksums.ts";

// The check values of https://reveng.sourceforge.io/crc-catalogue and of FIPS 180-4.
test.each<[ChecksumAlgorithm, string]>([
  ["crc32", "cbf43926"],
  ["crc32c", "e3069283"],
  ["crc64nvme", "ae8b14860a799888"],
  ["sha1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"],
  ["sha256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"],
])("%s of the nine digits is the catalogue's", async (algorithm, hex) => {
  expect(Buffer.from(await checksumOf(algorithm, [Buffer.from("123456789")]), "base64").toString("hex")).toBe(hex);
});

test("a checksum does not depend on how the bytes lie in pieces, and has its length", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...checksumAlgorithms),
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(300),
      async (name, bytes, cut) => {
        const whole = await checksumOf(name, [bytes]);
        expect(await checksumOf(name, [bytes.subarray(0, cut), bytes.subarray(cut)])).toBe(whole);
        expect(Buffer.from(whole, "base64").length).toBe(checksumBytes(name));
      },
    ),
  );
});
