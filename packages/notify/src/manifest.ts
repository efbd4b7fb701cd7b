import { definePlugin, NOTIFY_KINDS } from "@millrace/core/plugin";
import { z } from "zod";
import { mail } from "./channels/mail.ts";
import { webhook } from "./channels/webhook.ts";
import type { NotifyChannel } from "./message.ts";
import { notifyService } from "./service/notify-service.ts";

const secret = z.union([z.string().min(1), z.strictObject({ env: z.string().min(1) })]);
const duration = z.union([z.string(), z.record(z.string(), z.number())]);

const channel = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("webhook"),
    url: secret,
    format: z.enum(["slack", "json"]).optional(),
    headers: z.record(z.string(), secret).optional(),
    allowInsecure: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal("mail"),
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).optional(),
    secure: z.boolean().optional(),
    startTls: z.enum(["required", "opportunistic", "never"]).optional(),
    auth: z.strictObject({ user: z.string().min(1), password: secret }).optional(),
    from: z.string(),
    to: z.union([z.string(), z.array(z.string())]),
    subjectPrefix: z.string().optional(),
    tls: z
      .strictObject({ ca: z.union([z.string(), z.array(z.string())]).optional(), servername: z.string().optional() })
      .optional(),
    allowInsecure: z.boolean().optional(),
  }),
]);
const live = z.custom<NotifyChannel>((value) => typeof (value as NotifyChannel | undefined)?.send === "function");

/** For configs: `services: [["@millrace/notify", { channels: { ops: { type: "webhook", url: { env: "OPS_WEBHOOK_URL" } } } }]]`. */
export const manifest = definePlugin({
  kind: "service",
  name: "@millrace/notify",
  contractVersion: 1,
  options: z.strictObject({
    channels: z.record(z.string(), z.union([live, channel])),
    default: z.union([z.string(), z.array(z.string())]).optional(),
    events: z.array(z.enum(NOTIFY_KINDS)).optional(),
    dedupeWindow: duration.optional(),
    queueLimit: z.int().optional(),
    giveUpAfter: duration.optional(),
    sendTimeout: duration.optional(),
    baseUrl: z.string().optional(),
    includeErrorMessage: z.boolean().optional(),
    name: z.string().optional(),
  }),
  env: [
    {
      key: "MILLRACE_NOTIFY_BASE_URL",
      option: "baseUrl",
      says: "address of the page about this Millrace, for links in messages",
    },
  ],
  // Addresses of webhooks are as good as passwords.
  secretOptions: ["channels"],
  create({ channels, ...options }, { env }) {
    const made = Object.entries(channels).map(([name, given]): readonly [string, NotifyChannel] => {
      if ("send" in given) return [name, given];
      const { type: _, ...own } = given;
      return [
        name,
        given.type === "mail" ? mail({ ...(own as typeof given), env }) : webhook({ ...(own as typeof given), env }),
      ];
    });
    return notifyService({ ...options, channels: Object.fromEntries(made) } as Parameters<typeof notifyService>[0]);
  },
});
