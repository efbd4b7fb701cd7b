import type { Checksum } from "./checksum.ts";
import type { DerivedKeys } from "./derived-keys.ts";
import { opening, sealing } from "./gcm.ts";
import { bytesPerTurn, turn } from "./loop-turns.ts";

/** Largest value that is one message; larger ones, and streams, are segments. */
export const longestMessage = 4_194_304;

/** Feeds a value's bytes to its checksum, with turns for the event loop between. */
export async function digestWhole(checksum: Checksum, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  if (bytes.length <= bytesPerTurn) return checksum.update(bytes);
  for (let at = 0; at < bytes.length; at += bytesPerTurn) {
    checksum.update(bytes.subarray(at, at + bytesPerTurn));
    await turn(signal);
  }
}

export function sealWhole(bytes: Uint8Array, { dataKey }: DerivedKeys, iv: Buffer, authenticated: string) {
  const message = sealing(dataKey, iv, authenticated);
  return { bytes: message.update(bytes), tag: message.tag() };
}

/** The value's bytes; `undefined` if they are not authentic. */
export function openWhole(
  bytes: Uint8Array,
  { dataKey }: DerivedKeys,
  iv: Buffer,
  tag: Buffer,
  authenticated: string,
): Buffer | undefined {
  const message = opening(dataKey, iv, authenticated);
  const plain = message.update(bytes);
  return message.isAuthentic(tag) ? plain : undefined;
}
