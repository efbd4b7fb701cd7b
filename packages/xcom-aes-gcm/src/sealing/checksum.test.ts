import { expect, test } from "vitest";
import { address, gathered, keyNamed, noise, piecesOf, refusal, stageOf } from "../../test/samples.ts";
import { type ChecksumAlgorithm, checksumOf } from "./checksum.ts";
import { closingOf, contextOf } from "./context.ts";
import { deriveKeys } from "./derived-keys.ts";
import { storedEnvelopeOf } from "./envelope.ts";
import { sealWhole } from "./one-message.ts";
import { closingTag, sealSegment } from "./segments.ts";

const ownValue = noise(40);

/** A value that somebody with the key has written, with the checksum of these bytes. */
function written(checksumAlgorithm: ChecksumAlgorithm, checksummed: Buffer, isSegmented: boolean, value = ownValue) {
  const [salt, iv] = [noise(32), noise(12)];
  const keys = deriveKeys(keyNamed("k1"), salt);
  const segmentBytes = isSegmented ? 1_000 : undefined;
  const base = { keyId: "k1", checksumAlgorithm, encryptedAt: "2026-01-01T00:00:00.000Z" };
  const header = segmentBytes === undefined ? base : { ...base, segmentBytes };
  const context = contextOf(header, address);
  const summing = checksumOf(checksumAlgorithm, keys.macKey, "k1", context);
  summing.update(checksummed);
  const checksum = summing.text("");
  const common = { ...header, salt, iv, commitment: keys.commitment, checksum };
  if (!isSegmented) {
    const { bytes, tag } = sealWhole(value, keys, iv, context + closingOf(undefined, checksum, ""));
    return { bytes, envelope: storedEnvelopeOf({ ...common, tag }) };
  }
  const sealing = { keys, iv, context, checksum: checksumOf(checksumAlgorithm, keys.macKey, "k1", context) };
  const { parts, tag } = sealSegment(sealing, 0, true, [value]);
  const closing = closingTag(sealing, closingOf(1, checksum, ""));
  return {
    bytes: Buffer.concat([...parts, tag]),
    envelope: storedEnvelopeOf({ ...common, tag: closing, segmentCount: 1 }),
  };
}

test.each([
  ["hmac-sha256", false],
  ["hmac-sha256", true],
  ["sha256", false],
  ["sha256", true],
] as const)(
  "a value whose %s is not its own is refused, though all tags are right (in segments: %s)",
  async (algorithm, isSegmented) => {
    const stage = stageOf();
    const right = written(algorithm, ownValue, isSegmented);
    expect(Buffer.from(await stage.read(right.bytes, right.envelope, address))).toEqual(ownValue);
    expect(await gathered(stage.readStream(piecesOf(right.bytes), right.envelope, address))).toEqual(ownValue);
    const wrong = written(algorithm, noise(40, 2), isSegmented);
    const attempts = [
      () => stage.read(wrong.bytes, wrong.envelope, address),
      () => gathered(stage.readStream(piecesOf(wrong.bytes), wrong.envelope, address)),
    ];
    for (const attempt of attempts) expect((await refusal(attempt)).code).toBe("XCOM_DECRYPTION_FAILED");
  },
);

test("one message of more than 4 MiB is refused, though it is authentic: nobody writes it, and it would hold up the loop", async () => {
  const stage = stageOf();
  for (const [size, code] of [
    [4_194_304, undefined],
    [4_194_305, "XCOM_DECRYPTION_FAILED"],
  ] as const) {
    const large = noise(size);
    const { bytes, envelope } = written("hmac-sha256", large, false, large);
    const attempt = stage.read(bytes, envelope, address);
    if (code === undefined) expect(await attempt).toHaveLength(size);
    else expect((await refusal(attempt)).code).toBe(code);
  }
});
