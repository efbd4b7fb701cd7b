import { createHash } from "node:crypto";

/**
 * An id as names of folders: any text becomes lower-case ASCII that every file system keeps as it is, whether or not it tells
 * cases and forms of Unicode apart, and no two texts become the same.
 *
 * Lower-case letters, digits, `_`, `-` and dots inside stay; `~t` is `T`; anything else is `%` and two digits for each byte
 * of its UTF-8, and `%u` with four digits for half of a surrogate pair. A long text goes over several folders, of which each
 * but the last ends in `+` and each but the first begins with it. A very long one is its beginning, `#` and its SHA-256:
 * that cannot be read back.
 */
export function encodeId(level: string, id: string): string[] {
  const text = escaped(id);
  if (text.length > longestText) {
    const hash = createHash("sha256").update(text).digest("hex");
    return [`${level}=${wholeUnits(text, readableOfLong)}#${hash}`];
  }
  const chunks: string[] = [];
  let rest = text;
  do {
    const chunk = wholeUnits(rest, longestChunk);
    rest = rest.slice(chunk.length);
    chunks.push(`${chunks.length === 0 ? `${level}=` : "+"}${chunk}${rest === "" ? "" : "+"}`);
  } while (rest !== "");
  return chunks;
}

/**
 * Reads the names that stand for one id at the beginning of `names`; `undefined` unless they are just what
 * {@link encodeId} makes. The id is `undefined` for one that was too long.
 */
export function decodeId(
  level: string,
  names: readonly string[],
): { readonly id: string | undefined; readonly used: number } | undefined {
  const count = names.findIndex((name) => !name.endsWith("+")) + 1;
  if (count === 0) return undefined;
  const used = names.slice(0, count);
  if (count === 1 && hashed.test(used[0]) && used[0].startsWith(`${level}=`)) return { id: undefined, used: 1 };
  const text = used
    .join("")
    .slice(level.length + 1)
    .replaceAll("+", "");
  if (!escapedText.test(text)) return undefined;
  const id = unescaped(text);
  if (id === undefined || encodeId(level, id).join("/") !== used.join("/")) return undefined;
  return { id, used: count };
}

/** A name of a folder that may be one of these. */
export function isIdFolder(name: string): boolean {
  return name.length <= longestName && /^(?:[a-z]+=|\+)[a-z0-9_.%~#-]*\+?$/.test(name);
}

/** Of an id that keeps its text: 250 letters, of which some are capitals, with room. */
const longestText = 500;
/** With all that is added to it a name stays below the 255 bytes that file systems take. */
const longestChunk = 100;
const longestName = 140;
const readableOfLong = 40;

const hashed = /^[a-z]+=[a-z0-9_.%~-]{0,40}#[0-9a-f]{64}$/;
const escapedText = /^(?:[a-z0-9_.-]|~[a-z]|%(?:[0-9a-f]{2}|u[0-9a-f]{4}))*$/;

function escaped(id: string): string {
  return id.replace(/[^a-z0-9_.-]|\.$/gsu, (unit) => {
    if (/^[A-Z]$/.test(unit)) return `~${unit.toLowerCase()}`;
    if (!unit.isWellFormed()) return `%u${unit.charCodeAt(0).toString(16)}`;
    return [...Buffer.from(unit)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  });
}

function unescaped(text: string): string | undefined {
  try {
    return text.replace(/~([a-z])|%u([0-9a-f]{4})|((?:%[0-9a-f]{2})+)/g, (_, capital, half, bytes) => {
      if (capital) return capital.toUpperCase();
      if (half) return String.fromCharCode(Number.parseInt(half, 16));
      return decodeURIComponent(bytes);
    });
  } catch {
    return undefined;
  }
}

/** The beginning of an escaped text, so long at most, that ends between two units. */
function wholeUnits(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest);
  // An escape that was cut in two goes to the next chunk as a whole; one of several bytes may be cut between them.
  return cut.replace(/(?:~|%|%[0-9a-f]|%u[0-9a-f]{0,3})$/, "");
}
