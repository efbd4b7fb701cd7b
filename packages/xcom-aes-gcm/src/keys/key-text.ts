import type { KeyEntry } from "./key-entry.ts";

/** Longest text of keys. */
export const longestKeyText = 65_536;

/**
 * The keys of a text: `<id>:<key>` or `<id>:<key>:<YYYY-MM-DD>`, one a line or separated by commas. Empty lines and lines
 * that begin with `#` are left out. `refuse` makes the error of a reason, which never shows the text.
 */
export function parseKeyText(text: string, refuse: (why: string) => Error): readonly KeyEntry[] {
  if (text.length > longestKeyText) throw refuse(`the text has more than ${longestKeyText} characters`);
  const entries = text
    .split(/\r?\n/)
    .filter((line) => !line.trim().startsWith("#"))
    .flatMap((line) => line.split(","))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  return entries.map((entry, at) => {
    const colon = entry.indexOf(":");
    if (colon < 0) throw refuse(`number ${at + 1} has no id: it is to be written as <id>:<key>`);
    const [, key = "", created] = /^(.*?)(?::(\d{4}-\d{2}-\d{2}))?$/s.exec(entry.slice(colon + 1)) ?? [];
    const id = entry.slice(0, colon).trim();
    return created === undefined ? { id, key } : { id, key, created };
  });
}
