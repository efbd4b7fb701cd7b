import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitLines } from "./line-splitting.ts";

async function lines(pieces: Iterable<Buffer>, maxBytes = 1_000): Promise<string[]> {
  const reused = Buffer.alloc(4_096);
  async function* source() {
    for (const piece of pieces) {
      piece.copy(reused);
      yield reused.subarray(0, piece.length);
    }
  }
  const all: string[] = [];
  for await (const some of splitLines(source(), maxBytes, (index, size) => new RangeError(`line ${index}: ${size}`)))
    all.push(...some);
  return all;
}

describe("splitLines", () => {
  it("gives the same lines however the bytes are cut, even inside a character, from a piece that is used again", async () => {
    const text = fc.array(
      fc.string({ unit: "grapheme", maxLength: 20 }).map((line) => line.replaceAll("\n", "")),
      { minLength: 1 },
    );
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        fc.boolean(),
        async (expected, cuts, isEnded) => {
          const bytes = Buffer.from(expected.join("\n") + (isEnded ? "\n" : ""));
          const pieces: Buffer[] = [];
          for (let at = 0, cut = 0; at < bytes.length; at += cuts[cut++ % cuts.length]) {
            pieces.push(bytes.subarray(at, at + cuts[cut % cuts.length]));
          }
          const wanted = isEnded || expected.at(-1) !== "" ? expected : expected.slice(0, -1);
          expect(await lines(pieces)).toEqual(bytes.length === 0 ? [] : wanted);
        },
      ),
      { seed: 11 },
    );
  });

  it("stops at a line that is too long, finished or not", async () => {
    expect(await lines([Buffer.from("12345\n12345")], 5)).toEqual(["12345", "12345"]);
    await expect(lines([Buffer.from("1\n123456\n")], 5)).rejects.toThrow("line 1: 6");
    await expect(lines([Buffer.from("1\n123"), Buffer.from("456")], 5)).rejects.toThrow("line 1: 6");
  });
});
