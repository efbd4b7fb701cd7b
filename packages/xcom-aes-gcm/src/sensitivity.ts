import { isUtf8 } from "node:buffer";
import type { XComAddress } from "@millrace/core/plugin";

/** Words that tell a value to be kept secret, wherever they stand, in whatever case. */
export const defaultSensitiveKeywords: readonly string[] = ["password", "secret", "token", "key", "credential", "ssn"];

/** Largest value that is looked through. */
export const inspectedBytes = 262_144;

/** True for values that are to be encrypted. What cannot be looked through counts as sensitive. */
export type SensitivityTest = (bytes: Uint8Array, address: XComAddress) => boolean;

/**
 * Looks for keywords in the JSON text of a value (its keys as well as its texts), in the XCom's own key and in the id of its
 * task. Any occurrence counts, also within a word: `monkey` is encrypted for nothing, but `api_keys`, `KEYRING` and
 * `mytoken2` are not missed, as they would be by looking for whole words.
 */
export function sensitivityTest(keywords: readonly string[]): SensitivityTest {
  const words = keywords.map(folded);
  const contains = (text: string): boolean => words.some((word) => text.includes(word));
  return (bytes, { key, taskId }) => {
    if (contains(folded(key)) || contains(folded(taskId))) return true;
    if (bytes.length > inspectedBytes || !isUtf8(bytes)) return true;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return true;
    }
    // Escapes of JSON could hide a keyword: `p\u0061ssword`.
    return contains(folded(text)) || (text.includes("\\") && contains(folded(textsOf(value))));
  };
}

/** Keys and texts of a value, without the escapes of JSON. */
function textsOf(value: unknown): string {
  const texts: string[] = [];
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === "string") texts.push(next);
    else if (typeof next === "object" && next !== null) {
      if (!Array.isArray(next)) texts.push(...Object.keys(next));
      for (const item of Object.values(next)) left.push(item);
    }
  }
  return texts.join("\n");
}

/** In one case, in one form of each letter, without characters that nobody sees. */
function folded(text: string): string {
  const isAscii = /^[\x00-\x7f]*$/.test(text);
  return isAscii
    ? text.toLowerCase()
    : text
        .normalize("NFKC")
        .replace(/\p{Cf}/gu, "")
        .toLowerCase();
}
