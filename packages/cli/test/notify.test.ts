import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Project, project } from "./project.ts";

const config = (port: number): string => `export default { services: [["@millrace/notify", { channels: {
  ops: { type: "webhook", url: "http://127.0.0.1:${port}/s3cr3t-ops", format: "json" },
  dead: { type: "webhook", url: "http://127.0.0.1:${port}/s3cr3t-dead" },
  unset: { type: "mail", host: "127.0.0.1", port: 1, auth: { user: "me", password: { env: "NO_SUCH_VARIABLE" } }, from: "a@example.com", to: "b@example.com" },
} }]] };`;

describe("millrace notify test", () => {
  let server: Server;
  let made: Project;
  const seen: { readonly url: string | undefined; readonly body: string }[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (piece) => {
        body += String(piece);
      });
      request.on("end", () => {
        seen.push({ url: request.url, body });
        response.writeHead(request.url === "/s3cr3t-ops" ? 200 : 410).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    made = project({ "millrace.config.mjs": config((server.address() as AddressInfo).port) });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it("sends by every channel and says what happened, secrets hidden", async () => {
    const ended = await made.here(["notify", "test", "-o", "json"]);
    expect([ended.code, ended.json()]).toEqual([
      5,
      [
        { channel: "ops", ok: true, tookMs: expect.any(Number), error: null },
        {
          channel: "dead",
          ok: false,
          tookMs: expect.any(Number),
          error: expect.objectContaining({ code: "NOTIFY_REFUSED" }),
        },
        {
          channel: "unset",
          ok: false,
          tookMs: expect.any(Number),
          error: expect.objectContaining({ code: "NOTIFY_SECRET_MISSING" }),
        },
      ],
    ]);
    expect(JSON.parse(seen[0].body)).toMatchObject({ kind: "test", title: "This is a test of channel 'ops'" });
    const told = await made.here(["notify", "test"]);
    expect(told.out).toMatch(/✓ ops {2}sent[\s\S]*✗ dead {2}The webhook takes no message from us[\s\S]*→ /);
    const explained = await made.here(["config", "explain", "-o", "json"]);
    expect(ended.out + ended.err + told.out + told.err + explained.out).not.toContain("s3cr3t");
    expect(explained.json<{ settings: object[] }>().settings).toContainEqual(
      expect.objectContaining({ setting: "services.@millrace/notify.channels", value: "***" }),
    );
  });

  it("sends by one channel when it is named, and knows no other", async () => {
    seen.length = 0;
    expect((await made.here(["notify", "test", "ops"])).code).toBe(0);
    expect(seen.map(({ url }) => url)).toEqual(["/s3cr3t-ops"]);
    const other = await made.here(["notify", "test", "nobody", "-o", "json"]);
    expect([other.code, other.json()]).toMatchObject([
      3,
      { error: { code: "CHANNEL_NOT_FOUND", cure: expect.stringContaining("ops, dead, unset") } },
    ]);
    const none = await project().here(["notify", "test", "-o", "json"]);
    expect([none.code, none.json()]).toMatchObject([3, { error: { code: "NOTIFIER_ABSENT" } }]);
  });

  it("names a wrong option, and shows nothing of the channels", async () => {
    const wrong = project({
      "millrace.config.mjs": config(1).replace(`format: "json"`, `format: "xml"`).replace("from:", "sender:"),
    });
    const ended = await wrong.here(["notify", "test", "-o", "json"]);
    expect([ended.code, ended.json()]).toMatchObject([2, { error: { code: "PLUGIN_OPTIONS_INVALID" } }]);
    expect(ended.out).toContain("channels.ops");
    expect(ended.out + ended.err).not.toContain("s3cr3t");
  });
});
