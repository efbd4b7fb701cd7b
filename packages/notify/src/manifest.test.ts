import { isPluginManifest } from "@millrace/core/plugin";
import { describe, expect, it } from "vitest";
import { recordingChannel } from "../test/recording-channel.ts";
import { manifest } from "./manifest.ts";
import type { NotifyService } from "./service/notify-service.ts";

const context = { home: "/home", baseDir: "/project", env: { HOOK: "https://example.com/s3cr3t" } };

async function made(options: unknown): Promise<NotifyService> {
  const checked = await manifest.options["~standard"].validate(options);
  if (checked.issues) throw new Error(JSON.stringify(checked.issues));
  return manifest.create(checked.value, context) as NotifyService;
}

describe("manifest", () => {
  it("makes a notifier of the channels described, with the config's environment, and of live ones", async () => {
    expect(isPluginManifest(manifest)).toBe(true);
    const live = recordingChannel();
    const service = await made({
      channels: {
        ops: { type: "webhook", url: { env: "HOOK" }, headers: { "x-token": "t" } },
        team: { type: "mail", host: "smtp.example.com", from: "a@example.com", to: ["b@example.com"], tls: {} },
        live,
      },
      default: ["ops"],
      events: ["failure", "success"],
      dedupeWindow: { minutes: 5 },
      baseUrl: "https://example.com",
      name: "alerts",
    });
    expect([service.name, service.channels]).toEqual(["alerts", ["ops", "team", "live"]]);
    expect(await service.test("live")).toMatchObject([{ ok: true }]);
    expect(live.messages).toHaveLength(1);
  });

  it.each([
    [{}],
    [{ channels: { ops: { type: "pigeon" } } }],
    [{ channels: { ops: { type: "webhook" } } }],
    [{ channels: { ops: { type: "webhook", url: "https://example.com", to: "x" } } }],
    [{ channels: { team: { type: "mail", host: "h", from: "a@b.c", to: "d@e.f", startTls: "maybe" } } }],
    [{ channels: {}, events: ["failures"] }],
    [{ channels: {}, colour: "red" }],
  ])("refuses %j", async (options) => {
    expect((await manifest.options["~standard"].validate(options)).issues).toHaveLength(1);
  });

  it("has what is wrong with a channel said by the channel", async () => {
    await expect(made({ channels: { ops: { type: "webhook", url: "http://example.com" } } })).rejects.toMatchObject({
      code: "NOTIFY_INSECURE",
    });
    await expect(made({ channels: {}, default: "ops" })).rejects.toMatchObject({ code: "NOTIFY_OPTION_INVALID" });
  });
});
