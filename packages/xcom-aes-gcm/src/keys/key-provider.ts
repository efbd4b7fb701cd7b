import type { KeyObject } from "node:crypto";

/** A key that values are encrypted with: it is never used itself, each value has keys derived from it. */
export interface XComKey {
  /** Stored with each value: 1 to 256 characters. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: KeyObject | Uint8Array;
  /** The key as a key service has wrapped it, at most 1,024 bytes: stored with each value and given back to `findKey`. */
  readonly wrapped?: Uint8Array;
  /** When it was made, in milliseconds since the epoch, where that is known. */
  readonly created?: number;
}

/** What a look for a key gives. */
export type FoundKey = XComKey | "altered" | undefined;

/** Where keys come from. A {@link KeyWrapper} is less work to write, for services that wrap data keys. */
export interface KeyProvider {
  /** Called once at the start: throws what would fail later, answers what a person should know. */
  open?(): Promise<readonly string[]>;
  /** Id of the key that writes. May throw before `open`. */
  writingKeyId(): string;
  /** The key that writes. Asked for each value: answer from memory where that can be. */
  writingKey(signal?: AbortSignal): XComKey | Promise<XComKey>;
  /**
   * The key of a stored value by the id in it; no other key is ever tried. `undefined`: there is none of this id;
   * `"altered"`: `wrapped` is not what this key has wrapped.
   */
  findKey(id: string, wrapped: Uint8Array | undefined, signal?: AbortSignal): FoundKey | Promise<FoundKey>;
  /** Lets go of connections. */
  close?(): Promise<void>;
}

/** True for what has the functions of a provider. */
export function isKeyProvider(value: unknown): value is KeyProvider {
  if (typeof value !== "object" || value === null) return false;
  const { writingKeyId, writingKey, findKey } = value as Partial<Record<keyof KeyProvider, unknown>>;
  return [writingKeyId, writingKey, findKey].every((each) => typeof each === "function");
}
