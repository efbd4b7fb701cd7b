import { createHash, type Hash } from "node:crypto";
import type { XComPieces } from "@millrace/core/plugin";
import { addTo, otherTurns, slices } from "./hashing.ts";
import type { PartPlan } from "./part-plan.ts";
import type { S3Body } from "./port.ts";
import { piecesUntilAborted, untilAborted } from "./until-aborted.ts";

/** One part of a value, ready to be sent. */
export interface PartBody extends S3Body {
  /** From 1. */
  readonly number: number;
  /** Nothing follows. */
  readonly isLast: boolean;
  /** Its memory may be used for another part. */
  release(): void;
}

/** Room for so many bytes of parts at a time; one part always fits. */
export class PartRoom {
  readonly #limit: number;
  #taken = 0;
  #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Waits until there is room. Parts are asked for one after the other. */
  async take(sizeBytes: number, signal: AbortSignal): Promise<void> {
    while (this.#taken > 0 && this.#taken + sizeBytes > this.#limit)
      await untilAborted(new Promise<void>((resolve) => this.#waiting.push(resolve)), signal);
    this.#taken += sizeBytes;
  }

  give(sizeBytes: number): void {
    this.#taken -= sizeBytes;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}

/** Cuts bytes into parts without copying them; all that is sent is added to `whole`. */
export async function* cutParts(
  bytes: Uint8Array,
  plan: PartPlan,
  room: PartRoom,
  whole: Hash,
  signal: AbortSignal,
): AsyncGenerator<PartBody, undefined> {
  let at = 0;
  for (let number = 1; number === 1 || at < bytes.length; number++) {
    const part = bytes.subarray(at, at + plan(number));
    await room.take(part.length, signal);
    signal.throwIfAborted();
    at += part.length;
    const isLast = at >= bytes.length;
    const hash = createHash("sha256");
    // A value in one part has one hash.
    const isWhole = number === 1 && isLast;
    await addTo(isWhole ? [whole] : [whole, hash], part);
    const sha256 = isWhole ? whole.copy().digest("hex") : hash.digest("hex");
    yield { number, bytes: part, sha256, isLast, release: () => room.give(part.length) };
    await otherTurns();
  }
}

/**
 * Fills parts from a stream, in memory that is used again and again. A part is handed on once it is known whether another one
 * follows: a stream of exactly one part needs no upload in parts.
 *
 * @param sizeBytes - of the whole, where that is known: the first part takes no more memory than that
 */
export async function* filledParts(
  pieces: XComPieces,
  plan: PartPlan,
  room: PartRoom,
  whole: Hash,
  sizeBytes: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<PartBody, undefined> {
  const spare: Buffer[] = [];
  const begin = async (number: number): Promise<FillingPart> => {
    const size = number === 1 ? Math.min(plan(1), Math.max(sizeBytes ?? plan(1), 1)) : plan(number);
    await room.take(size, signal);
    // Parts only grow: a spare buffer that is too small will not be needed again.
    for (let buffer = spare.pop(); buffer; buffer = spare.pop())
      if (buffer.length >= size) return new FillingPart(number, buffer.subarray(0, size));
    return new FillingPart(number, Buffer.allocUnsafeSlow(size));
  };
  const bodyOf = ({ number, memory, bytes, hash }: FillingPart, isLast: boolean): PartBody => ({
    number,
    bytes,
    sha256: hash.digest("hex"),
    isLast,
    release() {
      spare.push(memory);
      room.give(memory.length);
    },
  });

  let part = await begin(1);
  for await (const piece of piecesUntilAborted(pieces, signal)) {
    for (const slice of slices(piece)) {
      for (let rest = slice; rest.length > 0; ) {
        if (part.isFull) {
          yield bodyOf(part, false);
          part = await begin(part.number + 1);
        }
        const added = part.add(rest);
        whole.update(added);
        rest = rest.subarray(added.length);
      }
      // A source that always has the next piece at hand would not let anybody else have a turn.
      await otherTurns();
    }
  }
  yield bodyOf(part, true);
}

/** A part's memory and how much of it is filled. */
class FillingPart {
  readonly number: number;
  readonly memory: Buffer;
  readonly hash: Hash = createHash("sha256");
  #filled = 0;

  constructor(number: number, memory: Buffer) {
    this.number = number;
    this.memory = memory;
  }

  get isFull(): boolean {
    return this.#filled === this.memory.length;
  }

  get bytes(): Uint8Array {
    return this.memory.subarray(0, this.#filled);
  }

  /** Takes what fits of it; answers what it took. */
  add(bytes: Uint8Array): Uint8Array {
    const taken = bytes.subarray(0, this.memory.length - this.#filled);
    this.memory.set(taken, this.#filled);
    this.#filled += taken.length;
    this.hash.update(taken);
    return taken;
  }
}
