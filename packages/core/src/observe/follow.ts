import type { EngineEvent, FollowOptions } from "./engine-event.ts";
import type { Observers } from "./observers.ts";

/** Events that wait for a slow consumer; what comes after them is read from the store when there is room. */
const mostBuffered = 1_000;

/** Events of an engine as an iterable; begins when it is called. */
export function follow(observers: Observers, options: FollowOptions): AsyncGenerator<EngineEvent, void, undefined> {
  const { signal, untilEnd, runNo } = options;
  const nothing = (): void => undefined;
  const buffer: EngineEvent[] = [];
  let state: { readonly isOpen: boolean; readonly error?: unknown } = { isOpen: true };
  let wake = nothing;
  let makeRoom = nothing;
  const stop = observers.subscribe({
    wanted: options,
    listenerPatienceMs: undefined,
    onFault: nothing,
    listener(event) {
      buffer.push(event);
      wake();
      if (buffer.length < mostBuffered) return undefined;
      return new Promise<void>((resolve) => {
        makeRoom = resolve;
      });
    },
    onEnd(error) {
      state = { isOpen: false, error };
      signal?.removeEventListener("abort", stop);
      wake();
    },
  });
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();

  const isOver = async (after: number): Promise<boolean> =>
    untilEnd === true && runNo !== undefined && observers.stored.isOver(runNo, after);

  async function* iterate(): AsyncGenerator<EngineEvent, void, undefined> {
    try {
      if (await isOver(options.after ?? Number.MAX_SAFE_INTEGER)) return;
      for (;;) {
        for (let event = buffer.shift(); event; event = buffer.shift()) {
          yield event;
          if (event.kind.startsWith("run.") && event.runNo === runNo && (await isOver(event.seq))) return;
        }
        makeRoom();
        if (!state.isOpen) {
          if (state.error !== undefined) throw state.error;
          return;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      makeRoom();
      stop();
    }
  }
  return iterate();
}
