import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf, shown } from "@millrace/core/plugin";
import { cliError } from "./errors.ts";

const refusedKeys = ["__proto__", "constructor", "prototype"];
const mostBytes = 16 * 1024 * 1024;

/** A whole number within bounds, for an option. */
export function wholeNumber(least: number, most: number): (text: string, flag: string) => number {
  return (text, flag) => {
    const number = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= least && number <= most)) {
      throw cliError("USAGE_INVALID", {
        what: `${flag} is ${shown(text)}, but a whole number from ${least} to ${most} is needed`,
        command: "millrace",
      });
    }
    return number;
  };
}

/**
 * A JSON object given as an option: its text, or `@file`.
 *
 * @throws `JSON_INVALID`, `JSON_NOT_OBJECT`, `JSON_KEY_REFUSED`, `FILE_NOT_READ`
 */
export function jsonObject(text: string, option: string, cwd: string): Readonly<Record<string, unknown>> {
  const source = text.startsWith("@") ? readText(resolve(cwd, text.slice(1))) : text;
  let value: unknown;
  try {
    value = JSON.parse(source, (key, inner: unknown) => {
      if (refusedKeys.includes(key)) throw cliError("JSON_KEY_REFUSED", { option, key });
      return inner;
    });
  } catch (error) {
    if (error instanceof SyntaxError)
      throw cliError("JSON_INVALID", { option, why: shown(messageOf(error)).slice(1, -1) });
    throw error;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw cliError("JSON_NOT_OBJECT", { option, value: shown(value) });
  return value as Readonly<Record<string, unknown>>;
}

function readText(path: string): string {
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
    return text;
  } catch (error) {
    throw cliError("FILE_NOT_READ", { path, why: messageOf(error) }, { cause: error });
  }
}
