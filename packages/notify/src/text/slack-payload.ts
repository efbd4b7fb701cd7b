import type { NotifyMessage } from "../message.ts";
import { omittedText } from "./omitted-text.ts";
import { safeLine } from "./safe-line.ts";

/** What Slack allows. */
const longestHeader = 150;
const mostFields = 10;

/** What a Slack-compatible webhook takes. */
export interface SlackPayload {
  /** For notifications, and for receivers that know no blocks. */
  readonly text: string;
  readonly mrkdwn: false;
  readonly blocks: readonly object[];
}

/**
 * A message for Slack. Everything that is not ours stands in blocks of plain text, where no markup holds; in `text` the three
 * characters that Slack reads as markup (`&`, `<`, `>`) are escaped, so that nobody can mention a channel or plant a link.
 */
export function slackPayload(message: NotifyMessage): SlackPayload {
  const { title, facts, link } = message;
  const plain = (text: string): object => ({ type: "plain_text", text, emoji: false });
  const lines = facts.map(({ name, value }) => `${safeLine(name)}: ${safeLine(value, 600)}`);
  const omitted = omittedText(message);
  return {
    text: [title, ...lines].map((line) => escaped(safeLine(line, 600))).join("\n"),
    mrkdwn: false,
    blocks: [
      { type: "header", text: plain(safeLine(title, longestHeader)) },
      ...(lines.length > 0 ? [{ type: "section", fields: lines.slice(0, mostFields).map(plain) }] : []),
      ...(link === undefined
        ? []
        : [{ type: "section", text: { type: "mrkdwn", text: `<${linkTarget(link)}|Look at it>` } }]),
      ...(omitted === undefined ? [] : [{ type: "context", elements: [plain(omitted)] }]),
    ],
  };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** An address in a link: `|` and `>` would end it. */
function linkTarget(link: string): string {
  return escaped(safeLine(link, 2_000)).replaceAll("|", "%7C");
}
