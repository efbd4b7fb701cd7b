import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Engine } from "./algorithms.ts";

/** An engine is given no more at a time, so that it can be stopped soon. */
const sliceBytes = 2 ** 20;

/**
 * Runs whole bytes through an engine, beside the event loop. `take` gets what comes out and may end it by `false`.
 * When this settles, the engine is gone.
 */
export function runWhole(
  engine: Engine,
  bytes: Uint8Array,
  take: (piece: Buffer) => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: unknown;
    const stop = () => engine.destroy();
    signal?.addEventListener("abort", stop, { once: true });
    engine.on("data", (piece: Buffer) => {
      if (!engine.destroyed && !take(piece)) engine.destroy();
    });
    engine.on("error", (error) => {
      failure = error;
    });
    engine.on("close", () => {
      signal?.removeEventListener("abort", stop);
      if (signal?.aborted) reject(signal.reason);
      else if (failure) reject(failure);
      else resolve();
    });
    let at = 0;
    const feed = (error?: Error | null): void => {
      if (error) return;
      const slice = bytes.subarray(at, at + sliceBytes);
      at += sliceBytes;
      if (at >= bytes.length) engine.end(slice);
      else engine.write(slice, feed);
    };
    feed();
  });
}

/** Runs a stream through an engine. When this ends, however it does, the engine is gone and the stream is told to stop. */
export async function* runStream(
  engine: Engine,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void> {
  const source = Readable.from(pieces);
  const piping = pipeline(source, engine, { signal });
  // It rejects with what the loop throws, too.
  piping.catch(() => undefined);
  try {
    yield* engine as AsyncIterable<Buffer>;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    engine.destroy();
    source.destroy();
  }
}

/** Gives the event loop a turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
