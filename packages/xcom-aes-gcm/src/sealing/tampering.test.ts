import type { XComEnvelope } from "@millrace/core/plugin";
import { describe, expect, test } from "vitest";
import {
  address,
  gathered,
  noise,
  piecesOf,
  refusal,
  sealed,
  sealedStream,
  sourceOf,
  stageOf,
} from "../../test/samples.ts";

const stage = stageOf();
const inner = { _xcom_compressed: true, v: 1, original_size: 900, levels: { a: [1, 2], b: null } };
const failed = "XCOM_DECRYPTION_FAILED";

/** Every text that differs from this one in one bit of its UTF-8 bytes. */
function* flips(text: string): Generator<string> {
  const bytes = Buffer.from(text);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    yield copy.toString("utf8");
  }
}

async function refusedBoth(bytes: Uint8Array, envelope: XComEnvelope, what: string): Promise<string> {
  const whole = await refusal(stage.read(bytes, envelope, address));
  let released = 0;
  const inPieces = await refusal(async () => {
    for await (const piece of stage.readStream(piecesOf(bytes, [33, 7]), envelope, address)) released += piece.length;
  });
  expect(inPieces, what).toEqual(whole);
  if (whole.code !== "XCOM_KEY_MISSING") expect(whole.code, what).toBe(failed);
  return `${whole.code} ${whole.text} ${released > 0 && what.startsWith("envelope") ? "released" : ""}`.trim();
}

const forms = {
  "one message": () => sealed(stage, noise(150), address, inner),
  "one message with a plain checksum": () => sealed(stageOf({ checksum: "sha256" }), noise(150), address, inner),
  segments: () => sealedStream(stageOf({}, { segmentBytes: 50 }), sourceOf(noise(100)), address, inner),
};

describe.each(Object.entries(forms))("a value of %s", (_form, make) => {
  test("opens whole and in pieces", async () => {
    const { bytes, envelope } = await make();
    expect(Buffer.from(await stage.read(bytes, envelope, address))).toEqual(
      await gathered(stage.readStream(piecesOf(bytes, [1]), envelope, address)),
    );
  });

  test("with any bit of its bytes flipped is refused by one and the same error", async () => {
    const { bytes, envelope } = await make();
    const answers = new Set<string>();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const copy = Buffer.from(bytes);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      answers.add(await refusedBoth(copy, envelope, `bytes, bit ${bit}`));
    }
    expect([...answers]).toHaveLength(1);
  });

  test("with any bit of any text of its envelope flipped is refused by that error, before a byte is released", async () => {
    const { bytes, envelope } = await make();
    const answers = new Set<string>();
    let flipped = 0;
    for (const [field, value] of Object.entries(envelope)) {
      if (typeof value !== "string") continue;
      for (const other of flips(value)) {
        const answer = await refusedBoth(bytes, { ...envelope, [field]: other }, `envelope, ${field} is ${other}`);
        flipped++;
        if (field === "key_id") expect(answer).toMatch(/^XCOM_KEY_MISSING|^XCOM_DECRYPTION_FAILED/);
        else answers.add(answer);
      }
    }
    expect(flipped).toBeGreaterThan(1_500);
    expect([...answers]).toHaveLength(1);
  });

  test("with another number, type or nothing in any field of its envelope is refused", async () => {
    const { bytes, envelope } = await make();
    for (const field of Object.keys(envelope).filter((name) => name !== "inner"))
      for (const other of [
        undefined,
        null,
        false,
        true,
        0,
        1,
        2,
        17,
        50.5,
        -1,
        2 ** 32,
        1e308,
        "",
        "1",
        [],
        {},
        [envelope],
      ]) {
        if (other === envelope[field]) continue;
        await refusedBoth(bytes, { ...envelope, [field]: other }, `envelope, ${field} is ${JSON.stringify(other)}`);
      }
  });

  test("over another envelope beneath is refused", async () => {
    const { bytes, envelope } = await make();
    const others: unknown[] = [
      undefined,
      null,
      "",
      {},
      [inner],
      { ...inner, original_size: 901 },
      { ...inner, more: null },
      { ...inner, levels: { a: [2, 1], b: null } },
      { ...inner, levels: { a: [1, 2] } },
      { ...inner, inner },
      JSON.parse(`${'{"inner":'.repeat(5_000)}1${"}".repeat(5_000)}`),
      { ...inner, text: "x".repeat(70_000) },
    ];
    for (const other of others) await refusedBoth(bytes, { ...envelope, inner: other }, "envelope, other inner");
    const { levels, ...rest } = inner;
    const reordered = { levels: { b: null, a: levels.a }, ...rest };
    await stage.read(bytes, { ...envelope, inner: reordered }, address);
  });

  test("cut anywhere, or with bytes more, is refused", async () => {
    const { bytes, envelope } = await make();
    for (let length = 0; length < bytes.length; length++)
      await refusedBoth(bytes.subarray(0, length), envelope, `bytes, cut to ${length}`);
    for (const more of [1, 16, 50, 100])
      await refusedBoth(Buffer.concat([bytes, noise(more)]), envelope, `bytes, with ${more} more`);
  });
});

test("a tag of less than 16 bytes is refused", async () => {
  const { bytes, envelope } = await sealed(stage, noise(40));
  const tag = Buffer.from(envelope.tag as string, "base64");
  for (const length of [4, 8, 12, 15])
    await refusedBoth(bytes, { ...envelope, tag: tag.subarray(0, length).toString("base64") }, "envelope, short tag");
});

test("a second text of the same bytes is refused: base64 without padding, url-safe, or with other last bits", async () => {
  const { bytes, envelope } = await sealed(stage, noise(40));
  for (const field of ["salt", "iv", "tag", "key_commitment"]) {
    const text = envelope[field] as string;
    const others = [
      text.replace(/=+$/, ""),
      `${text}=`,
      ` ${text}`,
      `${text}\n`,
      text.replace("/", "_"),
      text.replace("+", "-"),
    ];
    for (const other of others.filter((each) => each !== text))
      await refusedBoth(bytes, { ...envelope, [field]: other }, `envelope, ${field} is ${other}`);
  }
});

test("a plain checksum in place of the keyed one, and the other way round, is refused", async () => {
  for (const checksum of ["sha256", "hmac-sha256"] as const) {
    const one = await sealed(stageOf({ checksum }), noise(40));
    const other = await sealed(stageOf({ checksum: checksum === "sha256" ? "hmac-sha256" : "sha256" }), noise(40));
    const { checksum: text, checksum_algorithm } = other.envelope;
    await refusedBoth(one.bytes, { ...one.envelope, checksum: text, checksum_algorithm }, "envelope, other checksum");
  }
});

test("the pieces of two values do not mix", async () => {
  const [one, other] = [await sealed(stage, noise(80)), await sealed(stage, noise(80))];
  for (const field of ["salt", "iv", "tag", "key_commitment", "checksum"])
    await refusedBoth(one.bytes, { ...one.envelope, [field]: other.envelope[field] }, `envelope, ${field} of another`);
  await refusedBoth(other.bytes, one.envelope, "bytes of another");
});
