import { Buffer } from "node:buffer";

/** Characters of a message, or of one text among the fields; what is longer is cut and says so. */
export const longestMessage = 65_536;

/** The text of a message, whatever it is. Never throws: nobody's task is to fail because of what it wanted to tell. */
export function messageText(message: unknown): string {
  try {
    return cut(String(message));
  } catch {
    return "[a message that throws when it is read]";
  }
}

/**
 * Fields as JSON. What JSON has no word for is written as text, so that nothing looks like something else: `NaN`, big
 * integers, functions; errors by name, message and code, maps and sets as lists. Never throws.
 */
export function fieldsText(fields: unknown): string {
  try {
    const text = JSON.stringify(fields, (_, value: unknown) => plain(value));
    return text.length > longestMessage ? JSON.stringify({ _cut: `${text.length} characters` }) : text;
  } catch {
    // A cycle, a getter that throws, more levels than there is stack.
    return JSON.stringify({ _unreadable: true });
  }
}

function plain(value: unknown): unknown {
  switch (typeof value) {
    case "string":
      return cut(value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
    case "symbol":
      return String(value);
    case "function":
      return "[function]";
  }
  if (value instanceof Error) {
    const { name, message, code, cause } = value as Error & { readonly code?: unknown };
    return { name, message, ...(code === undefined ? {} : { code }), ...(cause === undefined ? {} : { cause }) };
  }
  return value instanceof Map || value instanceof Set ? [...value] : value;
}

function cut(text: string): string {
  if (text.length <= longestMessage) return text;
  // A copy: a piece of a text keeps the whole of it in memory.
  return `${Buffer.from(text.slice(0, longestMessage)).toString()} … [cut]`;
}
