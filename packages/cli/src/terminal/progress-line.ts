import type { Session } from "../session.ts";
import { cutTo } from "./table.ts";

const leastPauseMs = 100;

/** One line on standard error that is written over in place; nothing where that is no terminal. */
export interface ProgressLine {
  show(text: string): void;
  /** Takes the line away. */
  end(): void;
}

export function progressLine(session: Session): ProgressLine {
  const { err } = session.io;
  const isShown = err.isTerminal && !session.options.quiet;
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      const now = session.now();
      if (!isShown || now - shownAt < leastPauseMs) return;
      shownAt = now;
      err.write(`\r\u001b[2K${session.errStyle.dim(cutTo(text, (err.columns ?? 80) - 1))}`);
    },
    end() {
      if (isShown) err.write("\r\u001b[2K");
    },
  };
}
