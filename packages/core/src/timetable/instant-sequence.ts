import type { ClockNote } from "./clock-notes.ts";

/** Instants in their order, without end or with one. Milliseconds since the epoch. */
export interface InstantSequence {
  /** The first one after this; `Infinity` when there is none. */
  after(ms: number): number;
  /** The last one before this; `-Infinity` when there is none. */
  before(ms: number): number;
  /** What changes of the clocks have to do with one of the instants. */
  notesOf?(ms: number): readonly ClockNote[];
}

/** The first one at or after this. */
export function atOrAfter(sequence: InstantSequence, ms: number): number {
  return sequence.after(ms - 1);
}

/** The last one at or before this. */
export function atOrBefore(sequence: InstantSequence, ms: number): number {
  return sequence.before(ms + 1);
}

/** All instants of several sequences, each once. */
export function merged(sequences: readonly InstantSequence[]): InstantSequence {
  if (sequences.length === 1) return sequences[0];
  return {
    after: (ms) => sequences.reduce((first, one) => Math.min(first, one.after(ms)), Number.POSITIVE_INFINITY),
    before: (ms) => sequences.reduce((last, one) => Math.max(last, one.before(ms)), Number.NEGATIVE_INFINITY),
    notesOf: (ms) => sequences.find((one) => one.before(ms + 1) === ms)?.notesOf?.(ms) ?? [],
  };
}

/** Every instant so much later. */
export function delayed(sequence: InstantSequence, byMs: number): InstantSequence {
  if (byMs === 0) return sequence;
  return {
    after: (ms) => sequence.after(ms - byMs) + byMs,
    before: (ms) => sequence.before(ms - byMs) + byMs,
    notesOf: (ms) => sequence.notesOf?.(ms - byMs) ?? [],
  };
}
