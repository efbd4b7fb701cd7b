import type { GivenChecksum } from "./body.ts";

/** An object as it is kept. Nothing of it is ever changed: another one takes its place. */
export interface StoredObject {
  readonly pieces: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** With its quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /** What every answer about the object repeats: content type, metadata, encryption. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum: StoredChecksum | undefined;
  /** By name. */
  readonly tags: Readonly<Record<string, string>>;
}

/** `FULL_OBJECT` is of all bytes; `COMPOSITE`, of the checksums of the parts of an upload. */
export interface StoredChecksum extends GivenChecksum {
  readonly type: "FULL_OBJECT" | "COMPOSITE";
}

/** What the one bucket of a server holds. */
export class Bucket {
  readonly #objects = new Map<string, StoredObject>();
  readonly #removals = new Map<string, number>();
  #sorted: readonly string[] | undefined;

  get size(): number {
    return this.#objects.size;
  }

  /** In the order in which they were first put. */
  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** In the order of lists: by the bytes of UTF-8. */
  sortedKeys(): readonly string[] {
    this.#sorted ??= sortedByBytes([...this.#objects.keys()]);
    return this.#sorted;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  put(key: string, object: StoredObject): void {
    if (!this.#objects.has(key)) this.#sorted = undefined;
    this.#objects.set(key, object);
  }

  /** Whether there was one. */
  remove(key: string): boolean {
    if (!this.#objects.delete(key)) return false;
    this.#sorted = undefined;
    this.#removals.set(key, this.removals(key) + 1);
    return true;
  }

  /** How often an object of this key has been removed. */
  removals(key: string): number {
    return this.#removals.get(key) ?? 0;
  }
}

/** Texts in the order of their UTF-8: JavaScript's own puts characters past U+FFFF before some others. */
export function sortedByBytes(texts: readonly string[]): string[] {
  const withBytes = texts.map((text) => ({ text, bytes: Buffer.from(text) }));
  return withBytes.sort((a, b) => Buffer.compare(a.bytes, b.bytes)).map(({ text }) => text);
}

/** Whether a comes after b in lists. */
export function isAfter(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0;
}
