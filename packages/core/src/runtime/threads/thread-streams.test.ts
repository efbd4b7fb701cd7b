import { describe, expect, it } from "vitest";
import { xcomBackend } from "../../xcom/backend.ts";
import type { XComAddress, XComEnvelope, XComPlace } from "../../xcom/parts.ts";
import { ThreadStreams } from "./thread-streams.ts";

const address: XComAddress = { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "k" };

/** A place that keeps what it is given, breaks after some pieces, and tells how many streams it has under way. */
function shelf(failAt = Number.POSITIVE_INFINITY) {
  const kept: Uint8Array[][] = [];
  const state = { writing: 0, reading: 0 };
  const place: XComPlace = {
    kind: "place",
    name: "shelf",
    marker: "_xcom_shelf",
    put: async () => undefined,
    get: async () => new Uint8Array(),
    async putStream(source) {
      const pieces: Uint8Array[] = [];
      state.writing++;
      try {
        for await (const piece of source) {
          if (pieces.length === failAt) throw new Error("the shelf is full");
          pieces.push(piece);
        }
      } finally {
        state.writing--;
      }
      return { _xcom_shelf: true, path: String(kept.push(pieces) - 1) };
    },
    async *getStream({ path }) {
      state.reading++;
      try {
        yield* kept[Number(path)];
      } finally {
        state.reading--;
      }
    },
    refOf: ({ path }) => String(path),
    remove: async () => undefined,
  };
  return { kept, state, streams: new ThreadStreams(xcomBackend([place]), undefined) };
}

describe("streams of a thread", () => {
  it("are written and read piece by piece, several at a time", async () => {
    const { streams, kept } = shelf();
    const [one, two] = [streams.write(address), streams.write(address)];
    for (let n = 0; n < 5; n++) {
      await streams.piece(one, Buffer.alloc(300_000, n));
      await streams.piece(two, Buffer.alloc(100, n));
    }
    const [{ stored, sizeBytes }, short] = await Promise.all([streams.end(one), streams.end(two)]);
    expect([sizeBytes, short.sizeBytes, kept.length]).toEqual([1_500_000, 500, 2]);
    const no = streams.read(stored, address);
    let found = 0;
    for (let piece = await streams.next(no); piece; piece = await streams.next(no)) found += piece.length;
    await streams.stop(no);
    expect(found).toBe(1_500_000);
  });

  it("that a task drops, or leaves open when it ends, leave nothing behind", async () => {
    const { streams, kept, state } = shelf();
    const whole = streams.write(address);
    await streams.piece(whole, Buffer.alloc(900_000));
    const stored: XComEnvelope = (await streams.end(whole)).stored;
    const dropped = streams.write(address);
    await streams.piece(dropped, Buffer.alloc(900_000));
    await streams.drop(dropped);
    await streams.piece(streams.write(address), Buffer.alloc(900_000));
    await streams.next(streams.read(stored, address));
    expect(state).toEqual({ writing: 1, reading: 1 });
    await streams.close();
    expect([state, kept.length]).toEqual([{ writing: 0, reading: 0 }, 1]);
  });

  it("fail with what the parts throw, wherever the thread is by then", async () => {
    const { streams } = shelf(1);
    const no = streams.write(address);
    const failed = { code: "XCOM_PART_FAILED", values: { part: "shelf", why: "the shelf is full" } };
    await expect(
      (async () => {
        for (let n = 0; n < 50; n++) await streams.piece(no, Buffer.alloc(300_000));
      })(),
    ).rejects.toMatchObject(failed);
    await expect(streams.piece(no, Buffer.alloc(1))).rejects.toMatchObject(failed);
    await expect(streams.end(no)).rejects.toMatchObject(failed);
  });

  it("that nobody has begun are refused", async () => {
    const { streams } = shelf();
    await expect(streams.piece(7, Buffer.alloc(1))).rejects.toMatchObject({ code: "THREAD_CALL_REFUSED" });
    await expect(streams.next(7)).rejects.toMatchObject({ code: "THREAD_CALL_REFUSED" });
    for (let n = 0; n < 1_000; n++) streams.read({ _xcom_stream: true }, address);
    expect(() => streams.read({ _xcom_stream: true }, address)).toThrow(
      expect.objectContaining({ code: "THREAD_CALL_REFUSED" }),
    );
  });
});
