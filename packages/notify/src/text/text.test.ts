import { describe, expect, it } from "vitest";
import { hostileMessage, message } from "../../test/messages.ts";
import { plainText } from "./plain-text.ts";
import { safeLine } from "./safe-line.ts";
import { slackPayload } from "./slack-payload.ts";

describe("a message as plain text", () => {
  it("has its title, its facts in a column, and its link", () => {
    expect(plainText(message).split("\n")).toEqual([
      "A run of 'daily_sales' failed",
      "",
      "Run    scheduled__2026-10-21T00:00:00Z (scheduled)",
      "Error  TypeError",
      "",
      message.link,
      "",
      "-- ",
      "Millrace, message m1-7-failure",
      "",
    ]);
  });

  it("keeps every fact on its line and says what was left out, whatever stands in it", () => {
    const lines = plainText({ ...hostileMessage, link: undefined }).split("\n");
    expect(lines).toHaveLength(9);
    expect(lines[0]).toContain("failed Bcc: everybody@example.com <!channel>");
    expect(lines[2]).toContain("line one line two three");
    expect(lines[4]).toBe("14 older messages were left out: too many were waiting.");
    expect(plainText(hostileMessage)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u2028\u202e]/);
  });
});

describe("a message for Slack", () => {
  it("is text, and the same as blocks of plain text with a link", () => {
    expect(slackPayload(message)).toEqual({
      text: "A run of 'daily_sales' failed\nRun: scheduled__2026-10-21T00:00:00Z (scheduled)\nError: TypeError",
      mrkdwn: false,
      blocks: [
        { type: "header", text: { type: "plain_text", text: message.title, emoji: false } },
        {
          type: "section",
          fields: [
            { type: "plain_text", text: "Run: scheduled__2026-10-21T00:00:00Z (scheduled)", emoji: false },
            { type: "plain_text", text: "Error: TypeError", emoji: false },
          ],
        },
        { type: "section", text: { type: "mrkdwn", text: `<${message.link}|Look at it>` } },
      ],
    });
  });

  it("mentions nobody and links to nothing of what stands in it", () => {
    const { text, blocks } = slackPayload({ ...hostileMessage, link: "https://a.example/x|<!here>&y" });
    expect(text).not.toMatch(/[<>]|&(?!(?:amp|lt|gt);)/);
    expect(text.split("\n")).toHaveLength(2);
    expect(text).toContain("&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;");
    const marked = blocks.filter((block) => JSON.stringify(block).includes('"mrkdwn"'));
    expect(marked).toEqual([
      { type: "section", text: { type: "mrkdwn", text: "<https://a.example/x%7C&lt;!here&gt;&amp;y|Look at it>" } },
    ]);
  });

  it("stays within what Slack takes", () => {
    const facts = Array.from({ length: 40 }, (_, at) => ({ name: `fact ${at}`, value: "x".repeat(5_000) }));
    const { blocks } = slackPayload({ ...message, title: "t".repeat(1_000), facts });
    const [header, section] = blocks as [{ text: { text: string } }, { fields: { text: string }[] }];
    expect(header.text.text).toHaveLength(150);
    expect(section.fields).toHaveLength(10);
    for (const { text } of section.fields) expect(text.length).toBeLessThanOrEqual(2_000);
  });
});

describe("a safe line", () => {
  it.each([
    ["plain", "plain"],
    ["a\r\n\tb\u0085c\u2029d", "a b c d"],
    ["zero\u200bwidth\ufeff and \u202eturned\u2066", "zero width  and  turned "],
    ["half \ud83d of a pair", "half \ufffd of a pair"],
  ])("%j is %j", (given, line) => expect(safeLine(given)).toBe(line));

  it("is cut, not in the middle of a pair", () => {
    expect(safeLine("🙂".repeat(200), 10)).toBe(`${"🙂".repeat(4)}\ufffd…`);
    expect(safeLine("x".repeat(1_000_000), 5)).toBe("xxxx…");
  });
});
