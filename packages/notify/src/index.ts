/** Tells people by mail and webhooks what happens in Millrace. */
export { type MailOptions, mail } from "./channels/mail.ts";
export { type WebhookOptions, webhook } from "./channels/webhook.ts";
export { type NotifyErrorCode, notifyErrorTable } from "./errors.ts";
export { manifest } from "./manifest.ts";
export type { NotifyChannel, NotifyFact, NotifyMessage, NotifySending } from "./message.ts";
export type { NotifyOptions } from "./options.ts";
export type { Environment, SecretInput } from "./secret.ts";
export {
  type NotifyService,
  type NotifyTest,
  notifyService,
  notifyService as default,
} from "./service/notify-service.ts";
