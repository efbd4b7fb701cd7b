import type { NotifyFact } from "../message.ts";
import { safeLine } from "../text/safe-line.ts";

const plainCode = /^[A-Z][A-Z0-9_]{0,99}$/;
const plainClass = /^[A-Za-z_$][A-Za-z0-9_$]{0,99}$/;

/**
 * What an error is called: its code, else its class. Its text may hold anything, and is told only when that is wanted.
 *
 * @param error - JSON text of a stored error, or one that was parsed; `null` for none
 */
export function errorFacts(
  error: unknown,
  { includesErrorMessage, mask }: { readonly includesErrorMessage: boolean; readonly mask: (text: string) => string },
): NotifyFact[] {
  const { name, code, message } = parsed(error);
  const called =
    typeof code === "string" && plainCode.test(code)
      ? code
      : typeof name === "string" && plainClass.test(name)
        ? name
        : undefined;
  if (called === undefined) return [];
  const isTold = includesErrorMessage && typeof message === "string" && message !== "";
  return [
    { name: "Error", value: called },
    ...(isTold ? [{ name: "Message", value: safeLine(mask(message), 500) }] : []),
  ];
}

function parsed(error: unknown): { readonly name?: unknown; readonly code?: unknown; readonly message?: unknown } {
  let value = error;
  if (typeof error === "string") {
    try {
      value = JSON.parse(error) as unknown;
    } catch {
      return {};
    }
  }
  return typeof value === "object" && value !== null ? value : {};
}
