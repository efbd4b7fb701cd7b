import type { LogLevel } from "../../store/contract.ts";
import { LineSplitter } from "./line-splitter.ts";
import { type Printing, printingNow } from "./task-console.ts";

const levels = { stdout: "info", stderr: "warn" } as const satisfies Record<string, LogLevel>;
type Stream = keyof typeof levels;

const splitters = new WeakMap<Printing, Partial<Record<Stream, LineSplitter>>>();

/**
 * Sends what tasks write to the standard streams of this thread to their logs, line by line. What comes from no attempt, or
 * from one that is over, is dropped: such a thread is about to end.
 */
export function captureStreams(): void {
  for (const name of ["stdout", "stderr"] as const) {
    process[name].write = (piece: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
      const attempt = printingNow();
      if (attempt && !attempt.log.isFull) splitterOf(attempt, name).add(piece);
      const called = typeof encoding === "function" ? encoding : done;
      if (typeof called === "function") process.nextTick(called as () => void);
      return true;
    };
  }
}

function splitterOf(attempt: Printing, name: Stream): LineSplitter {
  let own = splitters.get(attempt);
  if (!own) {
    own = {};
    splitters.set(attempt, own);
    // Lines that were begun and not ended are lines too.
    attempt.whenOver = () => {
      for (const splitter of Object.values(splitters.get(attempt) ?? {})) splitter.flush();
    };
  }
  own[name] ??= new LineSplitter((line) => attempt.log[levels[name]](line));
  return own[name];
}
