import { stripVTControlCharacters } from "node:util";

/** Control characters but line feed and tab, and those that turn the direction of text or cannot be seen. */
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text of data as it may go to a terminal: no escape sequence survives, other control characters become `?`. Lines stay. */
export function safeText(text: string): string {
  return stripVTControlCharacters(text).replace(/\r\n/g, "\n").replace(unsafe, "?");
}

/** The same, on one line. */
export function safeLine(text: string): string {
  return safeText(text)
    .replace(/\s*\n\s*/g, " ↵ ")
    .replaceAll("\t", " ");
}
