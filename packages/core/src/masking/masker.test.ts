import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "../runtime/output/line-splitter.ts";
import { formsOf } from "./forms-of.ts";
import { Masker } from "./masker.ts";

const told = (...values: string[]): Masker => {
  const masker = new Masker();
  for (const value of values) masker.remember(value);
  return masker;
};

describe("a masker", () => {
  it("leaves everything as it is until it is told a value of four characters", () => {
    const masker = told("abc", "");
    expect(masker.isActive).toBe(false);
    expect(masker.mask("abc is short")).toBe("abc is short");
    masker.remember("abcd");
    expect(masker.isActive).toBe(true);
    expect(masker.mask("abc abcd abcabcd")).toBe("abc *** abc***");
  });

  it("masks a value as it stands in URLs, JSON, by console and in base64", () => {
    const value = `p@ss w/"ö'\\%`;
    const masker = told(value);
    const written = [
      value,
      encodeURIComponent(value),
      encodeURIComponent(value).toLowerCase(),
      new URLSearchParams({ q: value }).toString().slice(2),
      encodeURI(value),
      JSON.stringify(value).slice(1, -1),
      JSON.stringify(value).slice(1, -1).replaceAll("/", "\\/"),
      JSON.stringify(value).slice(1, -1).replace("ö", "\\u00f6"),
      inspect({ value }).slice("{ value: `".length, -"` }".length),
      Buffer.from(value).toString("base64"),
      Buffer.from(value).toString("base64url"),
    ];
    for (const form of written) expect(masker.mask(`<${form}>`)).toBe("<***>");
  });

  it("finds a value inside of longer base64, wherever it begins", () => {
    const value = "tr0ub4dor";
    const masker = told(value);
    for (const before of ["", "u", "us", "use", "user:"]) {
      const header = Buffer.from(`${before}${value}!`).toString("base64");
      const shown = masker.mask(`Authorization: Basic ${header}`);
      expect(shown).toContain("***");
      expect(Buffer.from(shown.slice(21).replace("***", ""), "base64").toString()).not.toContain(value.slice(1, -1));
    }
  });

  it("masks a value that ends with a line break also without it", () => {
    const masker = told(" hunter2-abc\n");
    expect(masker.mask("hunter2-abc")).toBe("***");
    expect(masker.mask(Buffer.from("hunter2-abc").toString("base64"))).toBe("***");
  });

  it("masks values that overlap as one", () => {
    expect(told("abcdef", "defghi").mask("xabcdefghix")).toBe("x***x");
    expect(told("abcd", "abcdefgh").mask("abcdefgh abcde")).toBe("*** ***e");
    expect(told("aaaa").mask("aaaaaaa")).toBe("***");
  });

  it("masks each line of a value that has several", () => {
    const key = "-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END KEY-----\n";
    const masker = told(key);
    expect(masker.mask("found BgkqhkiG9w0B in it")).toBe("found *** in it");
    expect(masker.mask(key)).toBe("***\n***\n***\n***\n");
    expect(masker.mask(JSON.stringify({ key }))).toBe('{"key":"***"}');
  });

  it("masks a long value wherever it is broken into two lines", () => {
    const long = Array.from({ length: 300 }, (_, n) => n.toString(36).padStart(4, "_")).join("");
    const masker = told(long);
    for (const near of [1, 500, 1_010, 1_180])
      for (let at = near; at < near + 20; at++) {
        const [first, second] = masker.mask(`${long.slice(0, at)}\n${long.slice(at)}`).split("\n");
        expect([at, first, second]).toEqual([at, at < 4 ? long.slice(0, at) : "***", "***"]);
      }
  });

  it("masks what is left of a value at the end of a text that was cut", () => {
    const masker = told("0123456789abcdef");
    expect(masker.mask(`${"x".repeat(900)}0123456 … [cut]`)).toBe(`${"x".repeat(900)}*** … [cut]`);
    expect(masker.mask('it is "01234567...')).toBe('it is "***...');
    expect(masker.mask(`${"x".repeat(1_000)}0123456`)).toBe(`${"x".repeat(1_000)}***`);
    expect(masker.mask("a price of 0123456")).toBe("a price of 0123456");
  });

  it("keeps JSON what it is, also where a number or a key is the value", () => {
    const masker = told("12345678", "hidden");
    expect(JSON.parse(masker.maskJson('{"a":12345678,"hidden":[true,null,"x hidden"],"b":1}', "everything"))).toEqual({
      a: "***",
      "***": [true, null, "x ***"],
      b: 1,
    });
  });

  it("forgets what was handed out longest ago when there are too many values", { timeout: 20_000 }, () => {
    const masker = told("the-first-value", "the-second-value");
    for (let n = 0; n < 10_000; n++) {
      masker.remember(`value-number-${n}.`);
      if (n % 100 === 0) masker.remember("the-first-value");
    }
    expect(masker.mask("the-first-value the-second-value value-number-9999.")).toBe("*** the-second-value ***");
  });
});

const value = fc.oneof(
  fc.string({ unit: "binary", minLength: 4, maxLength: 40 }),
  fc.string({ unit: fc.constantFrom("a", "b", "%", "/", '"'), minLength: 4, maxLength: 8 }),
  fc
    .array(fc.string({ unit: "grapheme-ascii", minLength: 4, maxLength: 30 }), { minLength: 2, maxLength: 4 })
    .map((lines) => lines.join("\n")),
);
const noise = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: fc.constantFrom("a", "b", "\n", "*"), maxLength: 6 }),
);

describe("in random texts", () => {
  it("no form of a value is left, wherever it stands", () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 4 }),
        fc.array(noise, { minLength: 5, maxLength: 5 }),
        fc.nat(),
        (values, between, pick) => {
          const masker = told(...values);
          const forms = values.flatMap((each) => formsOf(each));
          const planted = between.map((text, at) => text + (forms[(pick + at * 7) % forms.length] ?? "")).join("");
          const shown = masker.mask(planted);
          // What is between stars may be anything but a value: stars themselves are no part of one here.
          for (const form of forms.filter((each) => !each.includes("*"))) expect(shown).not.toContain(form);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("printed in pieces of any size, no value is left in the lines that are made of them", () => {
    const unit = fc.constantFrom(..."abcdefé✓'\"\\/%+=");
    const secret = fc.string({ unit, minLength: 6, maxLength: 80 });
    const plain = fc.string({ unit: fc.constantFrom(..."XYZ \n"), maxLength: 30 });
    const piece = fc.nat({ max: 12 });
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 3 }),
        fc.array(plain, { minLength: 4, maxLength: 8 }),
        fc.array(piece, { minLength: 1, maxLength: 20 }),
        (secrets, between, sizes) => {
          const masker = told(...secrets);
          const bytes = Buffer.from(between.map((text, at) => text + secrets[at % secrets.length]).join(""));
          const memory = {};
          const shown: string[] = [];
          const splitter = new LineSplitter((line) => shown.push(masker.maskLine(line, memory)));
          for (let at = 0, n = 0; at < bytes.length; n++) {
            const size = sizes[n % sizes.length] + 1;
            splitter.add(bytes.subarray(at, at + size));
            at += size;
          }
          splitter.flush();
          expect(
            shown
              .join("\n")
              .replace(/[XYZ \n]/g, "")
              .replaceAll("***", ""),
          ).toBe("");
        },
      ),
      { numRuns: 300 },
    );
  });

  it("what holds no beginning of a value is not changed", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("A", "B", "C", "\n", "\r"), minLength: 0, maxLength: 60 }),
        (text) => {
          expect(told("secret-value", "pass-word").mask(text)).toBe(text);
        },
      ),
    );
  });

  it("of a value that is broken into lines anywhere, no four characters are left", () => {
    const unit = fc.constantFrom(..."abcdefgh0123456789");
    const plain = fc.oneof(
      fc.string({ unit, minLength: 8, maxLength: 60 }),
      fc.string({ unit, minLength: 500, maxLength: 2_000 }),
    );
    fc.assert(
      fc.property(
        plain,
        fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 100, max: 600 })), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.boolean(),
        (secret, widths, crlf) => {
          const masker = told(secret);
          const lines: string[] = [];
          for (let at = 0, n = 0; at < secret.length; n++) {
            const width = widths[n % widths.length];
            lines.push(secret.slice(at, at + width));
            at += width;
          }
          lines[0] = `XYZ${lines[0]}`;
          lines[lines.length - 1] += "XYZ";
          const memory = {};
          const shown = lines.map((line) => masker.maskLine(crlf ? `${line}\r` : line, memory));
          const left = shown.join("").replaceAll("XYZ", "").replaceAll("\r", "").replaceAll("***", "");
          expect(left.length).toBeLessThan(4);
          expect(secret.startsWith(left)).toBe(true);
          // The same in one text.
          const whole = masker.mask(lines.join("\n")).replaceAll("XYZ", "").replaceAll("\n", "").replaceAll("***", "");
          expect(whole.length).toBeLessThan(4);
        },
      ),
      { numRuns: 300 },
    );
  });
});
