import fc from "fast-check";

/** What breaks out of folders, queries, shells, terminals and objects where it is taken at its word. */
const known = [
  "",
  ".",
  "..",
  "../../../../etc/passwd",
  "..\\..\\windows\\system32",
  "/etc/passwd",
  "C:\\boot.ini",
  "\\\\server\\share",
  "a/b",
  "a\\b",
  "a/../../b",
  "a..b",
  ".hidden",
  "~",
  "~root",
  "%2e%2e%2f",
  "%00",
  "a\0b",
  "a\nb",
  "a\r\nSet-Cookie: x",
  "\u001b[2J",
  "\u202egpj.exe",
  "\u200b",
  "\ud800",
  "ﬀ",
  "e\u0301",
  "CON",
  "NUL.txt",
  "com1",
  "name.",
  "name ",
  " name",
  "-rf",
  "--help",
  "$(reboot)",
  "`reboot`",
  "a;reboot",
  "a|b",
  "a&b",
  "a*b",
  "a?b",
  "'; DROP TABLE runs; --",
  '" OR 1=1',
  "{{constructor.constructor('return process')()}}",
  "${process.exit(1)}",
  "<script>alert(1)</script>",
  "__proto__",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "then",
  "null",
  "undefined",
  "NaN",
  "-1",
  "1e999",
  "𝒜",
  "👩‍👩‍👧",
] as const;

/**
 * Random text that is meant to do harm as an id, key, file name or path: path steps, control characters, names of devices,
 * of properties that every object has, quotes, very long text. Some are allowed as ids all the same: none may reach
 * anything but what it names.
 *
 * @example
 * ```ts
 * import { join, resolve, sep } from "node:path";
 * import { arbitraryHostileId } from "@millrace/testing/arbitraries";
 * import fc from "fast-check";
 *
 * const folder = resolve("data");
 * const pathOf = (id: string) => join(folder, Buffer.from(id).toString("hex").slice(0, 200) || "empty");
 * fc.assert(fc.property(arbitraryHostileId(), (id) => pathOf(id).startsWith(folder + sep)));
 * ```
 */
export function arbitraryHostileId(): fc.Arbitrary<string> {
  const one = fc.constantFrom(...known);
  return fc.oneof(
    { weight: 4, arbitrary: one },
    {
      weight: 2,
      arbitrary: fc.tuple(one, fc.constantFrom("", "/", "\\", ".", "\0"), one).map((parts) => parts.join("")),
    },
    { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(one, fc.integer({ min: 200, max: 5_000 }))
        .map(([text, count]) => text.repeat(Math.ceil(count / Math.max(1, text.length)))),
    },
  );
}
