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
    const feedNext = (error?: Error | null): void => {
      if (error) return;
      const slice = bytes.subarray(at, at + sliceBytes);
      at += sliceBytes;
      if (at >= bytes.length) engine.end(slice);
      else engine.write(slice, feedNext);
    };
    feedNext();
  });
}

/** Runs a stream through an engine. When this ends, however it does, the engine is gone and the stream has been told to stop. */
export async function* runStream(
  engine: Engine,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void> {
  const stop = () => engine.destroy();
  let failure: { readonly error: unknown } | undefined;
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  // Told to the loop below; nobody else has to hear of it.
  engine.on("error", () => undefined);
  const feeding = feed(engine, pieces).catch((error: unknown) => {
    failure = { error };
    stop();
  });
  try {
    yield* engine as AsyncIterable<Buffer>;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw failure ? failure.error : error;
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
    // Who aborts does not wait for a source that may hang.
    if (!signal?.aborted) await feeding;
  }
}

/**
 * Gives an engine all pieces, and ends it when it has taken the last one: an engine of Zstandard that is ended while a piece
 * waits writes a second, empty frame.
 */
async function feed(engine: Engine, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    if (!engine.destroyed) await written(engine, piece);
    if (engine.destroyed) return;
  }
  engine.end();
}

/** Resolves when the engine has taken the piece, or is gone. */
function written(engine: Engine, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      engine.off("close", done);
      resolve();
    };
    engine.on("close", done);
    engine.write(piece, done);
  });
}
