import { isMillraceError, type MillraceError, shown } from "@millrace/core/plugin";
import { notifyError } from "../errors.ts";
import type { NotifyChannel, NotifyMessage, NotifySending } from "../message.ts";
import { type Environment, type SecretInput, secretOf } from "../secret.ts";
import { slackPayload } from "../text/slack-payload.ts";
import { isLoopback } from "./loopback.ts";
import { retryAfterSeconds } from "./retry-after.ts";

export interface WebhookOptions {
  /** Where to send it. It is taken for a secret, as that of Slack is: it is shown nowhere. */
  readonly url: SecretInput;
  /** `slack` (default): `{ text, blocks }`, as Slack, Mattermost and others take it. `json`: the message itself. */
  readonly format?: "slack" | "json";
  /** Further headers, for example `{ authorization: { env: "OPS_TOKEN" } }`. Their values are taken for secrets. */
  readonly headers?: Readonly<Record<string, SecretInput>>;
  /** Allows `http://` to other machines. Default false. */
  readonly allowInsecure?: boolean;
  /** Where `{ env }` is looked up. Default: the process's environment. */
  readonly env?: Environment;
}

const where = "The webhook";
const formats: readonly unknown[] = ["slack", "json"];
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const headerValue = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
/** Headers that are ours or the connection's. */
const ownHeaders = new Set(["content-type", "content-length", "host", "connection", "transfer-encoding", "user-agent"]);
/** Answers that say something about the message, and not about us or the server. */
const aboutMessage = new Set([400, 413, 415, 422]);

/**
 * Tells by posting JSON to an address. It follows no redirect, and reads nothing of the answer but its status.
 *
 * @throws `NOTIFY_OPTION_INVALID`, `NOTIFY_INSECURE`
 * @example
 * ```ts
 * import { webhook } from "@millrace/notify";
 * const ops = webhook({ url: { env: "OPS_WEBHOOK_URL" } });
 * const archive = webhook({ url: "https://example.com/runs", format: "json", headers: { authorization: { env: "TOKEN" } } });
 * console.log(ops.name, archive.name); // webhook webhook
 * ```
 */
export function webhook(options: WebhookOptions): NotifyChannel {
  const { format = "slack", headers = {}, allowInsecure = false, env = process.env } = options;
  if (!formats.includes(format)) throw optionError("format", `it is ${shown(format)}, and not 'slack' or 'json'`);
  const address = secretOf(options.url, { where, what: "url", env });
  // An address that is there already is looked at now, one of the environment when it is used.
  if (typeof options.url === "string") checked(address(), allowInsecure);
  const secrets = Object.entries(headers).map(([name, value]) => {
    if (!headerName.test(name) || ownHeaders.has(name.toLowerCase()))
      throw optionError("headers", `${shown(name)} is no header that can be set`);
    return [name, secretOf(value, { where, what: `header ${name}`, env })] as const;
  });
  const request = (message: NotifyMessage): { url: URL; init: RequestInit } => {
    const given = secrets.map(([name, secret]) => {
      const value = secret();
      if (!headerValue.test(value)) throw optionError("headers", `the value of ${name} holds what no header may hold`);
      return [name, value] as const;
    });
    const body = JSON.stringify(format === "slack" ? slackPayload(message) : message);
    const url = checked(address(), allowInsecure);
    const own = { "content-type": "application/json; charset=utf-8", "user-agent": "millrace-notify" };
    return {
      url,
      init: { method: "POST", redirect: "manual", body, headers: { ...Object.fromEntries(given), ...own } },
    };
  };
  return {
    name: "webhook",
    async send(message: NotifyMessage, { signal }: NotifySending) {
      const { url, init } = request(message);
      let response: Response;
      try {
        response = await fetch(url, { ...init, signal });
      } catch (error) {
        signal.throwIfAborted();
        throw unreachable(error);
      }
      // However long the answer is, nothing of it is wanted.
      await response.body?.cancel().catch(() => undefined);
      if (!response.ok) throw failureOf(response);
    },
    async check() {
      checked(address(), allowInsecure);
      for (const [, secret] of secrets) secret();
    },
  };
}

function optionError(option: string, why: string): MillraceError {
  return notifyError("NOTIFY_OPTION_INVALID", { option, where: "the webhook", why });
}

function checked(text: string, allowInsecure: boolean): URL {
  if (!URL.canParse(text)) throw optionError("url", `a text of ${text.length} characters is no address`);
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw optionError("url", `its protocol is ${shown(url.protocol)}, and not https:`);
  if (url.username !== "" || url.password !== "")
    throw optionError("url", "it has a user or a password in it: give an authorization header instead");
  if (url.protocol === "http:" && !allowInsecure && !isLoopback(url.hostname))
    throw notifyError("NOTIFY_INSECURE", { where, what: "messages and its address" });
  return url;
}

function unreachable(error: unknown): MillraceError {
  if (isMillraceError(error)) return error;
  // The text of such an error may hold the address; its code does not.
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  const code = typeof cause?.code === "string" && /^[A-Z0-9_]{1,60}$/.test(cause.code) ? cause.code : "no connection";
  const isTls = /CERT|TLS|SSL/.test(code);
  return notifyError(isTls ? "NOTIFY_TLS_FAILED" : "NOTIFY_UNREACHABLE", { where, why: code });
}

function failureOf({ status, headers }: Response): MillraceError {
  const why = `it answered with status ${status}`;
  if (status >= 300 && status < 400) return notifyError("NOTIFY_REDIRECTED", { where, status });
  if (status === 429 || status === 503) {
    const seconds = retryAfterSeconds(headers.get("retry-after"), headers.get("date"));
    return notifyError("NOTIFY_BUSY", { where, why, retryAfterSeconds: seconds });
  }
  if (aboutMessage.has(status)) return notifyError("NOTIFY_MESSAGE_REFUSED", { where, why });
  if (status === 408 || status === 425 || status >= 500) return notifyError("NOTIFY_SERVER_FAILED", { where, why });
  if (status === 401) return notifyError("NOTIFY_LOGIN_REFUSED", { where, why });
  return notifyError("NOTIFY_REFUSED", { where, why });
}
