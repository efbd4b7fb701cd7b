import type { XComPieces, XComSource } from "@millrace/core/plugin";

const headBytes = 64 * 1024;

/** A stream of known bytes, and what became of it. */
export interface WatchedSource extends XComSource {
  /** How many pieces were taken of it. */
  readonly taken: number;
  /** True once nobody will ask for more: at its end, or when its reader has stopped. */
  readonly isOver: boolean;
}

/** The bytes in pieces of these sizes, again and again; fails with `failure` after the last one if there is one. */
export function watchedSource(bytes: Uint8Array, sizes: readonly number[], failure?: Error): WatchedSource {
  const state = { taken: 0, isOver: false };
  async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (let at = 0; at < bytes.length; ) {
        const size = sizes[state.taken % sizes.length] as number;
        state.taken++;
        yield bytes.slice(at, at + size);
        at += size;
      }
      if (failure) throw failure;
    } finally {
      state.isOver = true;
    }
  }
  const all = pieces();
  return {
    head: bytes.slice(0, headBytes),
    isWhole: bytes.length <= headBytes && !failure,
    get taken() {
      return state.taken;
    },
    get isOver() {
      return state.isOver;
    },
    [Symbol.asyncIterator]: () => all,
  };
}

/** Pieces in one. */
export async function joined(pieces: XComPieces): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(Uint8Array.from(piece));
  return Buffer.concat(all);
}

/** Ways to cut what is streamed: byte by byte only where that is little. */
export const cuts: readonly (readonly number[])[] = [[1_000_000], [262_144], [65_536, 1, 7], [4_093]];
