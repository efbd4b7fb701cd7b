import type { NotifyMessage } from "../message.ts";

/** Says how many messages before this one were left out; `undefined` when none was. */
export function omittedText({ omitted = 0 }: NotifyMessage): string | undefined {
  if (omitted === 0) return undefined;
  return `${omitted} older message${omitted === 1 ? " was" : "s were"} left out: too many were waiting.`;
}
