import { inspect } from "node:util";
import type { Session } from "../session.ts";
import { safeText } from "../terminal/safe-text.ts";

/** Text as it is; anything else as Node shows it, which also tells a Map from an object. */
export function valueText(value: unknown, session: Session): string {
  if (typeof value === "string") return safeText(value);
  return inspect(value, {
    depth: 20,
    colors: session.style.hasColor,
    maxArrayLength: 1_000,
    maxStringLength: 10_000,
    breakLength: session.io.out.columns ?? 100,
  });
}
