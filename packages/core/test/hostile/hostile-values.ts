/** Text that does harm in paths, terminals, logs, URLs or to people's eyes, or that a store could not give back as it was. */
export const hostileTexts: readonly string[] = [
  "",
  "..",
  "../x",
  "a/../../b",
  "..%2f",
  "%252e",
  "a\\..\\b",
  "/etc/passwd",
  "C:\\x",
  "nul\0byte",
  "line\nbreak",
  "\u001b[31mred",
  "\u0085",
  "\u202ecod.exe",
  "zero\u200bwidth",
  "half \ud800 of a character",
  "trailing dot.",
  "trailing space ",
  " ",
  "cafe\u0301",
  "🙂",
  "$(reboot)",
  "'; drop table run; --",
  "<script>",
  "__proto__/x",
  "x".repeat(300),
  "x".repeat(1_000_000),
];

/** What is no text at all. */
export const notText: readonly unknown[] = [
  null,
  0,
  Number.NaN,
  5n,
  true,
  Symbol("id"),
  [],
  ["hello"],
  {},
  Object.create(null),
  { toString: () => "hello" },
  { toString: () => "..", length: 2 },
  { id: 5 },
  () => "hello",
  new String("hello"),
  new Proxy(
    {},
    {
      get: () => {
        throw new Error("trap");
      },
      has: () => {
        throw new Error("trap");
      },
      getPrototypeOf: () => {
        throw new Error("trap");
      },
    },
  ),
];

/** A name for messages of tests. */
export function named(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`;
  return Array.isArray(value) ? "a list" : "an object";
}

/** Nothing in it can move a cursor, turn text round or fill a screen. */
export function isSafeToShow(text: string): boolean {
  return (
    text.length < 2_000 &&
    text.isWellFormed() &&
    !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.test(text)
  );
}
