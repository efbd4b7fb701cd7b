import fc from "fast-check";
import { expect, it } from "vitest";
import { LineSplitter } from "./line-splitter.ts";
import { longestMessage } from "./log-text.ts";

it("gives the lines of a text, whatever the pieces in which it comes", () => {
  const text = fc
    .array(fc.constantFrom("a", "ä", "🙂", "\n", "\r\n", " "), { maxLength: 60 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, fc.array(fc.nat({ max: 200 }), { maxLength: 10 }), fc.boolean(), (whole, cuts, asBytes) => {
      const lines: string[] = [];
      const splitter = new LineSplitter((line) => lines.push(line));
      const source = asBytes ? Buffer.from(whole) : whole;
      const places = [0, ...cuts.map((cut) => cut % (source.length + 1)).sort((a, b) => a - b), source.length];
      for (let place = 1; place < places.length; place++) splitter.add(source.slice(places[place - 1], places[place]));
      splitter.flush();
      const expected = whole.split("\n");
      expect(lines).toEqual(expected.at(-1) === "" ? expected.slice(0, -1) : expected);
    }),
  );
});

it("gives what a text that ends in the middle of a character has of it", () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  splitter.add(Buffer.from("aä").subarray(0, 2));
  splitter.flush();
  expect(lines).toEqual(["a\ufffd"]);
});

it("keeps no more of a long line than what shows that it is too long", () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (let piece = 0; piece < 100; piece++) splitter.add("x".repeat(10_000));
  splitter.add("end\nnext\n");
  expect(lines.map((line) => line.length)).toEqual([longestMessage + 1, 4]);
});
