import type { StageStream, XComPieces, XComPlace, XComStage } from "../../src/xcom/parts.ts";

/** What becomes of the parts' pieces, for tests that look behind them. */
export interface Traces {
  /** Sources and readers that were begun and not ended. */
  open: number;
}

/** Tells whether a source was ended, by its end or by whoever read it. */
export async function* traced(pieces: AsyncIterable<Uint8Array>, traces: Traces): AsyncGenerator<Uint8Array> {
  traces.open++;
  try {
    yield* pieces;
  } finally {
    traces.open--;
  }
}

/** A stage that doubles every byte, so that lengths change, and counts what it was given. */
export function doubling(options: { readonly failAt?: number; readonly least?: number } = {}): XComStage {
  const { failAt = -1, least = 0 } = options;
  async function* made(source: XComPieces, count: { bytes: number }): AsyncGenerator<Uint8Array> {
    let number = 0;
    for await (const piece of source) {
      if (number++ === failAt) throw new Error("the stage broke");
      count.bytes += piece.length;
      yield double(piece);
    }
  }
  async function* undone(pieces: XComPieces): AsyncGenerator<Uint8Array> {
    let odd = false;
    for await (const piece of pieces) {
      const from: number = odd ? 1 : 0;
      yield halve(piece, from);
      odd = (piece.length + from) % 2 === 1;
    }
  }
  return {
    kind: "stage",
    name: "doubling",
    marker: "_xcom_doubled",
    bytesField: "data",
    effect: "other",
    async write(bytes) {
      if (bytes.length < least) return undefined;
      return { envelope: { _xcom_doubled: true, size: bytes.length }, bytes: double(bytes) };
    },
    async read(bytes) {
      return halve(bytes, 0);
    },
    async writeStream(source): Promise<StageStream | undefined> {
      if (source.isWhole && source.head.length < least) return undefined;
      const count = { bytes: 0 };
      return { pieces: made(source, count), envelope: () => ({ _xcom_doubled: true, size: count.bytes }) };
    },
    readStream: undone,
  };
}

function double(bytes: Uint8Array): Uint8Array {
  const doubled = new Uint8Array(bytes.length * 2);
  for (let at = 0; at < doubled.length; at++) doubled[at] = bytes[at >> 1] as number;
  return doubled;
}

/** Every other byte, from that one on. */
function halve(bytes: Uint8Array, from: number): Uint8Array {
  const halved = new Uint8Array((bytes.length - from + 1) >> 1);
  for (let at = 0; at < halved.length; at++) halved[at] = bytes[from + at * 2] as number;
  return halved;
}

/** A stage that turns every bit and binds address and what is beneath, as encryption does. */
export function sealing(): XComStage {
  const turn = (bytes: Uint8Array): Uint8Array => {
    const turned = Uint8Array.from(bytes);
    for (let at = 0; at < turned.length; at++) turned[at] = (turned[at] as number) ^ 0xff;
    return turned;
  };
  async function* turned(pieces: XComPieces): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) yield turn(piece);
  }
  return {
    kind: "stage",
    name: "sealing",
    marker: "_xcom_sealed",
    bytesField: "sealed",
    effect: "encrypt",
    async write(bytes, address, inner) {
      return { envelope: { _xcom_sealed: true, of: JSON.stringify([address, inner]) }, bytes: turn(bytes) };
    },
    async read(bytes, { of, inner }, address) {
      if (of !== JSON.stringify([address, inner])) throw new Error("it was sealed elsewhere");
      return turn(bytes);
    },
    async writeStream(source, address, inner) {
      return {
        pieces: turned(source),
        envelope: () => ({ _xcom_sealed: true, of: JSON.stringify([address, inner()]) }),
      };
    },
    async *readStream(pieces, { of, inner }, address) {
      yield* turned(pieces);
      if (of !== JSON.stringify([address, inner])) throw new Error("it was sealed elsewhere");
    },
  };
}

/** A place in memory. */
export function shelf(options: { readonly least?: number; readonly failAt?: number; readonly marker?: string } = {}) {
  const { least = 0, failAt = -1, marker = "_xcom_shelf" } = options;
  const kept = new Map<string, Uint8Array>();
  let count = 0;
  const put = (bytes: Uint8Array) => {
    const path = `p${++count}`;
    kept.set(path, Uint8Array.from(bytes));
    return { [marker]: true, path };
  };
  const get = (path: unknown): Uint8Array => {
    const bytes = kept.get(String(path));
    if (!bytes) throw new Error("nothing is there");
    return bytes;
  };
  const place: XComPlace = {
    kind: "place",
    name: "shelf",
    marker,
    put: async (bytes) => (bytes.length < least ? undefined : put(bytes)),
    get: async ({ path }) => get(path),
    async putStream(source, _address, call) {
      if (source.isWhole && source.head.length < least) return undefined;
      const pieces: Uint8Array[] = [];
      for await (const piece of source) {
        call?.signal?.throwIfAborted();
        if (pieces.length === failAt) throw new Error("the shelf is full");
        pieces.push(piece);
      }
      return put(Buffer.concat(pieces));
    },
    async *getStream({ path }) {
      const bytes = get(path);
      for (let at = 0; at < bytes.length; at += 1_000_000) yield bytes.subarray(at, at + 1_000_000);
    },
    refOf: ({ path }) => String(path),
    async remove(refs) {
      for (const ref of refs) kept.delete(ref);
    },
  };
  return { place, kept };
}
