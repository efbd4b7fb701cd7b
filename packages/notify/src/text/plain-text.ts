import type { NotifyMessage } from "../message.ts";
import { omittedText } from "./omitted-text.ts";
import { safeLine } from "./safe-line.ts";

/** A message as plain text, for mails. */
export function plainText(message: NotifyMessage): string {
  const { title, facts, link, id } = message;
  const width = Math.max(0, ...facts.map(({ name }) => name.length)) + 2;
  const lines = facts.map(({ name, value }) => `${safeLine(name).padEnd(width)}${safeLine(value, 600)}`);
  const omitted = omittedText(message);
  return [
    safeLine(title),
    ...(lines.length > 0 ? ["", ...lines] : []),
    ...(link === undefined ? [] : ["", safeLine(link, 2_000)]),
    ...(omitted === undefined ? [] : ["", omitted]),
    "",
    `-- `,
    `Millrace, message ${safeLine(id)}`,
    "",
  ].join("\n");
}
