/** Longest stretch of bytes that is worked on before the event loop gets a turn. */
export const bytesPerTurn = 1_048_576;

/** Gives the event loop a turn. Rejects with the signal's reason once it is aborted. */
export async function turn(signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}
