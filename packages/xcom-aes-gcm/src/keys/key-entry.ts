import { createSecretKey, type KeyObject } from "node:crypto";
import { shown } from "@millrace/core/plugin";

/** A key as it is configured. */
export interface KeyEntry {
  /** Stored with each value: 1 to 64 letters, digits, `_`, `.` and `-`, a letter or digit first. */
  readonly id: string;
  /** 32 bytes, as such or in base64, base64url or hex; any other text of 16 characters or more is a passphrase. */
  readonly key: string | Uint8Array;
  /** When it was made: `YYYY-MM-DD`, or an instant in ISO 8601. Default: unknown. */
  readonly created?: string;
}

/** A key that was looked over. */
export interface CheckedKey {
  readonly id: string;
  /** The key, or the passphrase that it is still to be made from. Functions, so that nothing prints it. */
  readonly secret:
    | { readonly kind: "raw"; readonly key: KeyObject }
    | { readonly kind: "passphrase"; readonly passphrase: () => string };
  readonly created?: number;
}

const rawBytes = 32;
const shortestPassphrase = 16;
const longestPassphrase = 1_024;
const mostKeys = 1_000;

/** Looks keys over; `refuse` makes the error of a reason, which never shows a key. */
export function checkKeys(entries: readonly KeyEntry[], refuse: (why: string) => Error): readonly CheckedKey[] {
  if (entries.length === 0) throw refuse("there is none");
  if (entries.length > mostKeys) throw refuse(`there are ${entries.length}, more than ${mostKeys}`);
  const ids = new Set<string>();
  return entries.map((entry, at) => {
    const key = checkKey(entry, (why) => refuse(`number ${at + 1} ${why}`));
    if (ids.has(key.id)) throw refuse(`two of them have the id ${shown(key.id)}`);
    ids.add(key.id);
    return key;
  });
}

function checkKey({ id, key, created }: KeyEntry, refuse: (why: string) => Error): CheckedKey {
  // Ids are not shown here: somebody may have written the key in the place of the id, and ids are stored for all to see.
  if (typeof id !== "string" || !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(id))
    throw refuse("has an id that is not 1 to 64 letters, digits, `_`, `.` and `-` with a letter or digit first");
  if (rawKeyOf(id)) throw refuse("has an id that could be a key: the id comes first, then the key");
  const secret = secretOf(key, refuse);
  if (created === undefined) return { id, secret };
  const at =
    typeof created === "string" && /^\d{4}-\d{2}-\d{2}(T.+)?$/.test(created) ? Date.parse(created) : Number.NaN;
  if (Number.isNaN(at)) throw refuse("was `created` at no date: write YYYY-MM-DD");
  return { id, secret, created: at };
}

function secretOf(key: string | Uint8Array, refuse: (why: string) => Error): CheckedKey["secret"] {
  if (key instanceof Uint8Array) {
    if (key.length !== rawBytes) throw refuse(`has ${key.length} bytes instead of ${rawBytes}`);
    return { kind: "raw", key: createSecretKey(Buffer.from(key)) };
  }
  if (typeof key !== "string") throw refuse("is neither a text nor bytes");
  const text = key.trim();
  const raw = rawKeyOf(text);
  if (raw) return { kind: "raw", key: createSecretKey(raw) };
  const length = [...text].length;
  if (length < shortestPassphrase)
    throw refuse(
      length === 0 ? "is empty" : `is too short: neither ${rawBytes} bytes nor ${shortestPassphrase} characters`,
    );
  if (length > longestPassphrase) throw refuse(`has more than ${longestPassphrase} characters`);
  return { kind: "passphrase", passphrase: () => text };
}

/**
 * 64 hexadecimal digits, or 43 characters of base64 or base64url (44 with `=`) that are 32 bytes exactly. Whatever can be read
 * as 32 bytes is read so.
 */
function rawKeyOf(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, "hex");
  const bare = text.replace(/=$/, "");
  for (const encoding of ["base64", "base64url"] as const) {
    const bytes = Buffer.from(bare, encoding);
    if (bare.length === 43 && bytes.length === rawBytes && bytes.toString(encoding).replace("=", "") === bare)
      return bytes;
  }
  return undefined;
}
