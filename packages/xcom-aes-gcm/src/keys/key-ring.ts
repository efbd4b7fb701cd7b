import { createSecretKey, type KeyObject, scrypt } from "node:crypto";
import { aesGcmError } from "../errors.ts";
import { type CheckedKey, checkKeys, type KeyEntry } from "./key-entry.ts";
import { readKeyFile } from "./key-file.ts";
import type { KeyProvider, XComKey } from "./key-provider.ts";
import { parseKeyText } from "./key-text.ts";

/** Where the keys of a ring are: in the options, in the environment or in a file. */
export type KeyRingSource = readonly KeyEntry[] | { readonly env: string } | { readonly file: string };

type Environment = Readonly<Record<string, string | undefined>>;

/** A ring's keys: the first one writes, all read. */
export interface KeyRing extends KeyProvider {
  writingKey(): XComKey | Promise<XComKey>;
  findKey(id: string): XComKey | undefined | Promise<XComKey | undefined>;
}

/**
 * The keys of a list, a variable or a file. They are read at the first use and kept; a passphrase is made into a key at
 * its first use.
 *
 * @throws `XCOM_KEYS_INVALID` at once for a list; a variable and a file are looked at when they are first needed
 */
export function keyRing(source: KeyRingSource, env: Environment = process.env): KeyRing {
  const load = loaderOf(source, env);
  let loaded: ReadonlyMap<string, CheckedKey> | undefined = Array.isArray(source) ? load() : undefined;
  const keys = (): ReadonlyMap<string, CheckedKey> => {
    loaded ??= load();
    return loaded;
  };
  const first = (): CheckedKey => keys().values().next().value as CheckedKey;
  const ready = new Map<string, XComKey | Promise<XComKey>>();

  const readyKey = (checked: CheckedKey): XComKey | Promise<XComKey> => {
    const found = ready.get(checked.id);
    if (found) return found;
    const { id, secret } = checked;
    const asKey = (key: KeyObject): XComKey => {
      const made = checked.created === undefined ? { id, key } : { id, key, created: checked.created };
      ready.set(id, made);
      return made;
    };
    if (secret.kind === "raw") return asKey(secret.key);
    const making = keyOfPassphrase(id, secret.passphrase()).then(asKey);
    ready.set(id, making);
    making.catch(() => ready.delete(id));
    return making;
  };

  return {
    async open() {
      await readyKey(first());
      return [...keys().values()]
        .filter(({ secret }) => secret.kind === "passphrase")
        .map(
          ({ id }) =>
            `The encryption key '${id}' is a passphrase: whoever has the stored values can try passphrases on them, so prefer 32 random bytes (openssl rand -base64 32).`,
        );
    },
    writingKeyId: () => first().id,
    writingKey: () => readyKey(first()),
    findKey(id) {
      const checked = keys().get(id);
      return checked && readyKey(checked);
    },
  };
}

function loaderOf(source: KeyRingSource, env: Environment): () => ReadonlyMap<string, CheckedKey> {
  if ("env" in source) {
    const name = source.env;
    return () => {
      const text = env[name];
      if (text === undefined || text.trim() === "")
        throw aesGcmError("XCOM_KEYS_ABSENT", { source: name, why: "the environment variable is not set" });
      return keysOf(parseKeyText(text, refusal(name)), name);
    };
  }
  if ("file" in source) {
    const path = source.file;
    return () => {
      const { text, changedAt } = readKeyFile(path);
      return keysOf(parseKeyText(text, refusal(path)), path, changedAt);
    };
  }
  return () => keysOf(source, "the option `keys`");
}

function keysOf(entries: readonly KeyEntry[], source: string, changedAt?: number): ReadonlyMap<string, CheckedKey> {
  const keys = checkKeys(entries, refusal(source));
  // A file that was not touched for so long holds no younger key.
  return new Map(keys.map((key) => [key.id, changedAt === undefined ? key : { created: changedAt, ...key }]));
}

function refusal(source: string) {
  return (why: string) => aesGcmError("XCOM_KEYS_INVALID", { source, why });
}

/**
 * The key of a passphrase, by scrypt. Its salt is fixed by the key's id: every process has to make the same key, and two
 * ids with the same passphrase have different ones.
 */
function keyOfPassphrase(id: string, passphrase: string): Promise<KeyObject> {
  const salt = `millrace.xcom.aes-gcm.passphrase.v1:${id}`;
  const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFKC"), salt, 32, cost, (error, bytes) => {
      if (error) reject(error);
      else resolve(createSecretKey(bytes));
    });
  });
}
