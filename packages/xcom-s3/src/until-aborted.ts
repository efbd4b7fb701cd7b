/** What the work gives, or the signal's reason as soon as that is aborted: the work may hang for ever. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    leave = () => signal.removeEventListener("abort", abort);
  });
  try {
    return await Promise.race([stopped, work]);
  } finally {
    leave();
  }
}

/** Reads pieces until they end or the signal is aborted, and ends them in either case, if they let themselves be ended. */
export async function* piecesUntilAborted(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  let isAsked = false;
  let isOver = false;
  try {
    for (;;) {
      isAsked = true;
      const next = await untilAborted(iterator.next(), signal);
      isAsked = false;
      isOver = next.done === true;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // One that was asked and has not answered may never do so.
    const ended = isOver ? undefined : iterator.return?.().catch(() => undefined);
    if (!isAsked) await ended;
  }
}
