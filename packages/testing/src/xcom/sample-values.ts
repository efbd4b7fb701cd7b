import { decodeValue } from "@millrace/core/plugin";

/** A value of every kind that XComs may have, and such as look like what a backend makes itself. */
export const sampleValues: readonly (readonly [what: string, make: () => unknown])[] = [
  ["null", () => null],
  ["true", () => true],
  ["zero", () => 0],
  ["minus zero", () => -0],
  ["not a number", () => Number.NaN],
  ["minus infinity", () => Number.NEGATIVE_INFINITY],
  ["the largest number", () => Number.MAX_VALUE],
  ["a text of nothing", () => ""],
  ["text of several scripts", () => "Zürich, Αθήνα, 東京, 👩‍👩‍👧, e\u0301"],
  ["half a surrogate pair", () => "\ud83d and \ude00"],
  ["control characters", () => "\u0000\u001b[2J\u2028\ufeff"],
  ["text that is JSON", () => '{"_xcom_compressed":true,"data":"AAAA"}'],
  ["text that is base64", () => "H4sIAAAAAAAAA6tWKkktLlGyUlAqS8wpTtVRKkpNzs9NVbIyNDKuBQBr8sYcHAAAAA=="],
  ["a date", () => new Date("2026-02-28T23:59:59.999Z")],
  ["a date that is none", () => new Date(Number.NaN)],
  ["a large integer", () => -(2n ** 200n)],
  ["bytes", () => Uint8Array.from({ length: 256 }, (_, n) => n)],
  [
    "a map with keys of all kinds",
    () =>
      new Map<unknown, unknown>([
        ["a", 1],
        [2, new Map()],
        [null, new Set(["x"])],
      ]),
  ],
  ["a set", () => new Set([1, "1", 1n])],
  ["an instant", () => decodeValue('{"$millrace":["Temporal.Instant","2026-03-29T01:00:00Z"]}')],
  ["an empty list", () => []],
  ["an empty object", () => ({})],
  ["keys that objects take badly", () => JSON.parse('{"__proto__":{"polluted":1},"constructor":2,"":3,"length":4}')],
  ["an object with the mark of tagged values", () => ({ $millrace: ["Date", "no"] })],
  [
    "an object like the envelope of a file",
    () => ({ _xcom_file_backend: true, path: "../x", filepath: "/etc/passwd" }),
  ],
  ["an object like the envelope of encryption", () => ({ _xcom_encrypted: true, encrypted_data: "AAAA", inner: {} })],
  ["an object like a stream", () => ({ _xcom_stream: true, v: 1, size_bytes: 3 })],
  ["a small configuration", () => ({ host: "db", retries: 3, tls: true })],
  ["what a keyword calls sensitive", () => ({ user: "ada", password: "s3cr3t", api_token: "t0k3n" })],
  ["a table of records", () => rows(500)],
  ["a list of 20,000 numbers", () => Array.from({ length: 20_000 }, (_, n) => n * 0.1)],
  ["text that repeats itself", () => "all work and no play ".repeat(5_000)],
  [
    "text that hardly repeats itself",
    () => Array.from({ length: 9_000 }, (_, n) => ((n * 2_654_435_761) >>> 0).toString(36)).join(""),
  ],
  ["what is nested 900 levels deep", () => nested(900)],
  ["6 MiB of text in many scripts", () => "aäあ😀".repeat(650_000)],
];

function rows(count: number): unknown[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    name: `customer ${id}`,
    since: "2026-01-01",
    balance: id / 7,
  }));
}

function nested(levels: number): unknown {
  let value: unknown = "core";
  for (let level = 1; level < levels; level++) value = level % 2 === 0 ? [value] : { in: value };
  return value;
}

/** What no XCom may be. */
export const refusedValues: readonly (readonly [what: string, make: () => unknown])[] = [
  ["a function", () => ({ run: () => 1 })],
  ["undefined inside", () => [1, undefined]],
  ["a symbol", () => ({ mark: Symbol("x") })],
  ["a cycle", cycle],
  ["an object that throws when it is made JSON", throwing],
];

function cycle(): unknown {
  const value: Record<string, unknown> = {};
  value.self = [value];
  return value;
}

function throwing(): unknown {
  return {
    toJSON() {
      throw new Error("no JSON of this");
    },
  };
}
