import type { Clock } from "@millrace/core/plugin";
import { keyUnavailable } from "./errors.ts";
import type { KeyProvider } from "./keys/key-provider.ts";
import type { AesGcmOptions } from "./options.ts";

const dayMs = 86_400_000;

/** Gets the keys ready, and says what a person should know of how they are used. */
export async function startWarnings(
  { encrypt, checksum, acceptPlain, rotationDays }: AesGcmOptions,
  keys: KeyProvider,
  clock: Pick<Clock, "now">,
): Promise<readonly string[]> {
  const warnings = [...(await opened(keys))];
  if (checksum === "sha256")
    warnings.push(
      "Encrypted XComs carry a plain SHA-256 of their value (checksum: 'sha256'): whoever can read the rows can test guesses on it and sees which values are equal; 'hmac-sha256' shows neither.",
    );
  if (encrypt !== "sensitive" && (acceptPlain ?? true) === true)
    warnings.push(
      "Values without encryption are read as well (acceptPlain: true): whoever can write rows of the store can put some there; set acceptPlain to false, or to a date, once no old plain value is needed.",
    );
  const rotation = rotationDays === undefined ? undefined : await rotationWarning(keys, rotationDays, clock.now());
  return rotation === undefined ? warnings : [...warnings, rotation];
}

async function opened(keys: KeyProvider): Promise<readonly string[]> {
  try {
    const warnings = (await keys.open?.()) ?? [];
    await keys.writingKey();
    return warnings;
  } catch (error) {
    throw keyUnavailable("open", error);
  }
}

async function rotationWarning(keys: KeyProvider, rotationDays: number, now: number): Promise<string | undefined> {
  const { id, created } = await keys.writingKey();
  if (created === undefined)
    return `The age of the encryption key '${id}' is not known, so nobody is told when it passes ${rotationDays} days: add the date it was created.`;
  const days = Math.floor((now - created) / dayMs);
  if (days <= rotationDays) return undefined;
  return `The encryption key '${id}' is ${days} days old, more than ${rotationDays}: put a new key in front of it, restart, and run \`millrace keys rotate\`.`;
}
