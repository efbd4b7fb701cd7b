import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isMillraceError, type MillraceError } from "@millrace/core/plugin";
import { afterEach, describe, expect, it } from "vitest";
import { hostileMessage, message } from "../../test/messages.ts";
import { retryAfterSeconds } from "./retry-after.ts";
import { type WebhookOptions, webhook } from "./webhook.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

interface Seen {
  readonly request: IncomingMessage;
  readonly body: string;
}

/** A server on this machine; gives its address, in which there is something secret, and what it was sent. */
async function receiver(
  answer: (response: ServerResponse, seen: Seen) => void,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const one = { request, body: Buffer.concat(pieces).toString() };
      seen.push(one);
      answer(response, one);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/T0/s3cr3t-p4th`, seen };
}

const never = new AbortController().signal;

async function failure(act: () => Promise<unknown> | unknown): Promise<MillraceError> {
  try {
    await act();
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    expect(JSON.stringify([error.message, error.cure, error.values, String(error.cause)])).not.toMatch(/s3cr3t/);
    return error;
  }
  throw new Error("it did not fail");
}

const sent = (options: WebhookOptions, signal = never): Promise<void> => webhook(options).send(message, { signal });

describe("a webhook", () => {
  it("posts what Slack takes, or the message itself, with the headers given", async () => {
    const { url, seen } = await receiver((response) => response.end("ok"));
    await sent({ url });
    const env = { TOKEN: "Bearer abc", HOOK: url };
    await sent({ url: { env: "HOOK" }, format: "json", headers: { authorization: { env: "TOKEN" } }, env });
    const [slack, json] = seen;
    expect(slack.request.method).toBe("POST");
    expect(slack.request.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(JSON.parse(slack.body)).toMatchObject({ text: expect.stringContaining(message.title), mrkdwn: false });
    expect(json.request.headers.authorization).toBe("Bearer abc");
    expect(JSON.parse(json.body)).toEqual(message);
  });

  it("sends hostile texts as JSON", async () => {
    const { url, seen } = await receiver((response) => response.end());
    await webhook({ url, format: "json" }).send(hostileMessage, { signal: never });
    expect(JSON.parse(seen[0].body)).toEqual(hostileMessage);
  });

  it.each([
    [400, {}, "NOTIFY_MESSAGE_REFUSED", undefined],
    [401, {}, "NOTIFY_LOGIN_REFUSED", undefined],
    [404, {}, "NOTIFY_REFUSED", undefined],
    [410, {}, "NOTIFY_REFUSED", undefined],
    [429, { "retry-after": "7" }, "NOTIFY_BUSY", 7],
    [429, {}, "NOTIFY_BUSY", undefined],
    [500, {}, "NOTIFY_SERVER_FAILED", undefined],
    [503, { "retry-after": "Thu, 22 Oct 2026 12:00:30 GMT", date: "Thu, 22 Oct 2026 12:00:00 GMT" }, "NOTIFY_BUSY", 30],
  ] as const)("answered with %i %j fails with %s", async (status, headers, code, retryAfterSeconds) => {
    const { url } = await receiver((response) => response.writeHead(status, headers).end("s3cr3t-p4th is wrong"));
    const error = await failure(() => sent({ url }));
    expect([error.code, error.values.retryAfterSeconds]).toEqual([code, retryAfterSeconds]);
  });

  it.each([301, 302, 303, 307, 308])("does not follow where a %i leads", async (status) => {
    const elsewhere = await receiver((response) => response.end());
    const { url } = await receiver((response) => response.writeHead(status, { location: elsewhere.url }).end());
    expect((await failure(() => sent({ url }))).code).toBe("NOTIFY_REDIRECTED");
    expect(elsewhere.seen).toEqual([]);
  });

  it("reads nothing of an answer without end, good or bad", async () => {
    for (const status of [200, 500]) {
      let written = 0;
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      const { url } = await receiver((response) => {
        response.writeHead(status);
        const piece = Buffer.alloc(65_536);
        const more = (): void => {
          while (!response.destroyed && response.write(piece)) written += piece.length;
        };
        response.on("drain", more);
        response.on("close", resolve);
        more();
      });
      if (status === 200) await sent({ url });
      else expect((await failure(() => sent({ url }))).code).toBe("NOTIFY_SERVER_FAILED");
      await closed;
      expect(written).toBeLessThan(32 * 1024 * 1024);
    }
  });

  it("that hangs ends with its signal, before the answer and in the middle of it", async () => {
    const before = await receiver(() => undefined);
    const limit = new AbortController();
    const sending = sent({ url: before.url }, limit.signal);
    while (before.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const reason = new Error("too late");
    limit.abort(reason);
    await expect(sending).rejects.toBe(reason);
    await expect(sent({ url: before.url }, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it("whose connection drops, or that is not there, is unreachable", async () => {
    const dropping = await receiver((response) => response.socket?.destroy());
    expect((await failure(() => sent({ url: dropping.url }))).code).toBe("NOTIFY_UNREACHABLE");
    const gone = await receiver((response) => response.end());
    const [server] = servers.splice(1, 1);
    await new Promise((resolve) => server.close(resolve));
    expect(await failure(() => sent({ url: gone.url }))).toMatchObject({
      code: "NOTIFY_UNREACHABLE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it.each<[string, Partial<Record<keyof WebhookOptions, unknown>>, string]>([
    ["text that is no address", { url: "s3cr3t" }, "NOTIFY_OPTION_INVALID"],
    ["another protocol", { url: "file:///etc/passwd?s3cr3t" }, "NOTIFY_OPTION_INVALID"],
    ["a password in the address", { url: "https://me:s3cr3t@example.com/" }, "NOTIFY_OPTION_INVALID"],
    ["an empty address", { url: "" }, "NOTIFY_OPTION_INVALID"],
    ["a variable that is none", { url: { env: "A=B" } }, "NOTIFY_OPTION_INVALID"],
    ["http to another machine", { url: "http://example.com/s3cr3t" }, "NOTIFY_INSECURE"],
    ["a format that is none", { url: "https://example.com", format: "xml" }, "NOTIFY_OPTION_INVALID"],
    ["a header of ours", { url: "https://example.com", headers: { Host: "x" } }, "NOTIFY_OPTION_INVALID"],
    ["a header with a line", { url: "https://example.com", headers: { "a\r\nb": "x" } }, "NOTIFY_OPTION_INVALID"],
  ])("is not made with %s", async (_, options, code) => {
    expect((await failure(() => webhook(options as unknown as WebhookOptions))).code).toBe(code);
  });

  it("looks at what the environment has when it is checked and when it sends", async () => {
    const env: Record<string, string> = {};
    const channel = webhook({ url: { env: "HOOK" }, headers: { "x-token": { env: "TOKEN" } }, env });
    const both = [() => channel.check?.({ signal: never }), () => channel.send(message, { signal: never })];
    for (const act of both)
      expect(await failure(act)).toMatchObject({ code: "NOTIFY_SECRET_MISSING", values: { name: expect.any(String) } });
    Object.assign(env, { TOKEN: "s3cr3t\r\nx: y", HOOK: "http://example.com/s3cr3t" });
    for (const act of both) expect((await failure(act)).code).toMatch(/^NOTIFY_(INSECURE|OPTION_INVALID)$/);
    env.HOOK = "https://example.com/s3cr3t";
    expect((await failure(both[1])).code).toBe("NOTIFY_OPTION_INVALID");
  });
});

describe("Retry-After", () => {
  it.each([
    [null, null, undefined],
    ["7", null, 7],
    [" 0 ", null, 0],
    ["999999999", null, 3_600],
    ["-1", null, undefined],
    ["1e9", null, undefined],
    ["soon", "Thu, 22 Oct 2026 12:00:00 GMT", undefined],
    ["Thu, 22 Oct 2026 12:00:00 GMT", null, undefined],
    ["Thu, 22 Oct 2026 11:00:00 GMT", "Thu, 22 Oct 2026 12:00:00 GMT", 0],
    ["Fri, 23 Oct 2026 12:00:00 GMT", "Thu, 22 Oct 2026 12:00:00 GMT", 3_600],
  ])("%j with the date %j is %j seconds", (retryAfter, date, seconds) =>
    expect(retryAfterSeconds(retryAfter, date)).toBe(seconds),
  );
});
