import { shown } from "@millrace/core/plugin";
import { createTransport } from "nodemailer";
import { notifyError } from "../errors.ts";
import type { NotifyChannel, NotifyMessage, NotifySending } from "../message.ts";
import { type Environment, type SecretInput, secretOf } from "../secret.ts";
import { plainText } from "../text/plain-text.ts";
import { safeLine } from "../text/safe-line.ts";
import { isLoopback } from "./loopback.ts";
import { smtpFailure } from "./smtp-failure.ts";

export interface MailOptions {
  /** The SMTP server. */
  readonly host: string;
  /** Default 587, with `secure` 465. */
  readonly port?: number;
  /** TLS from the first byte on (SMTPS). Default false: STARTTLS. */
  readonly secure?: boolean;
  /**
   * Without `secure`: `required` (default) sends nothing unless the server can be talked to in private, `opportunistic` goes on
   * in the clear where it cannot, `never` does not ask. The last two take no `auth` but on this machine.
   */
  readonly startTls?: "required" | "opportunistic" | "never";
  readonly auth?: { readonly user: string; readonly password: SecretInput };
  /** `ops@example.com`, or `Millrace <ops@example.com>`. */
  readonly from: string;
  readonly to: string | readonly string[];
  /** Put before the subject. Default `[Millrace]`. */
  readonly subjectPrefix?: string;
  readonly tls?: {
    /** Certificate authorities, in PEM, instead of those that Node knows. */
    readonly ca?: string | readonly string[];
    /** The name that the certificate must have, if not `host`. */
    readonly servername?: string;
  };
  /** Lets a login go over a connection that others can read. Default false. */
  readonly allowInsecure?: boolean;
  /** Where `{ env }` is looked up. Default: the process's environment. */
  readonly env?: Environment;
}

const tlsModes: readonly unknown[] = ["required", "opportunistic", "never"];
const control = /[\u0000-\u001f\u007f-\u009f]/;
const mostRecipients = 100;
/** Longer than anybody waits: what holds is the signal that each message comes with. */
const patienceMs = 600_000;

/**
 * Tells by mail, over SMTP. Each message has a connection of its own. Subjects and addresses cannot bring in headers; the text
 * is plain text.
 *
 * @throws `NOTIFY_OPTION_INVALID`, `NOTIFY_INSECURE`
 * @example
 * ```ts
 * import { mail } from "@millrace/notify";
 * const team = mail({
 *   host: "smtp.example.com",
 *   auth: { user: "millrace", password: { env: "SMTP_PASSWORD" } },
 *   from: "Millrace <millrace@example.com>",
 *   to: ["team@example.com"],
 * });
 * console.log(team.name); // mail by smtp.example.com
 * ```
 */
export function mail(options: MailOptions): NotifyChannel {
  const { host, secure = false, startTls = "required", auth, tls = {}, subjectPrefix = "[Millrace]" } = options;
  const { port = secure ? 465 : 587, allowInsecure = false, env = process.env } = options;
  const refuse = (option: string, why: string): never => {
    throw notifyError("NOTIFY_OPTION_INVALID", { option, where: "the mail channel", why });
  };
  if (typeof host !== "string" || host === "" || control.test(host)) refuse("host", `it is ${shown(host)}`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse("port", `it is ${shown(port)}, and not 1 to 65535`);
  if (!tlsModes.includes(startTls)) refuse("startTls", `it is ${shown(startTls)}`);
  const to = [options.to].flat();
  if (to.length === 0 || to.length > mostRecipients)
    refuse("to", `1 to ${mostRecipients} addresses are needed, not ${to.length}`);
  for (const [option, address] of [["from", options.from], ...to.map((one) => ["to", one])] as const)
    if (!isAddress(address)) refuse(option, `${shown(address)} is no address`);
  const where = `The mail server ${host}`;
  const isPrivate = secure || startTls === "required" || isLoopback(host) || allowInsecure;
  if (auth && !isPrivate) throw notifyError("NOTIFY_INSECURE", { where, what: "the login" });
  if (auth && (typeof auth.user !== "string" || auth.user === "")) refuse("auth.user", "it is empty");
  const password = auth && secretOf(auth.password, { where, what: "password", env });

  const transport = () =>
    createTransport({
      host,
      port,
      secure,
      requireTLS: !secure && startTls === "required",
      ignoreTLS: startTls === "never",
      opportunisticTLS: startTls === "opportunistic",
      // A server that offers no login gets no mail from somebody who has one.
      ...(auth && password && { auth: { user: auth.user, pass: password() }, forceAuth: true }),
      tls: {
        servername: tls.servername,
        ca: tls.ca === undefined ? undefined : [tls.ca].flat(),
        minVersion: "TLSv1.2",
      },
      connectionTimeout: patienceMs,
      greetingTimeout: patienceMs,
      socketTimeout: patienceMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      logger: false,
    });
  const hidden = (): readonly string[] => (password ? [password()] : []);

  return {
    name: `mail by ${safeLine(host)}`,
    async send(message: NotifyMessage, { signal }: NotifySending) {
      const sender = transport();
      try {
        await sender.sendMail({
          signal,
          from: options.from,
          to: [...to],
          subject: safeLine(`${subjectPrefix} ${message.title}`.trim(), 250),
          text: plainText(message),
          messageId: messageIdOf(message, options.from),
          headers: { "Auto-Submitted": "auto-generated", "X-Millrace-Kind": message.kind },
        });
      } catch (error) {
        signal.throwIfAborted();
        throw smtpFailure(error, where, hidden());
      } finally {
        sender.close();
      }
    },
    async check({ signal }: NotifySending) {
      const sender = transport();
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      const abort = (): void => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      try {
        signal.throwIfAborted();
        await Promise.race([sender.verify(), aborted]);
      } catch (error) {
        signal.throwIfAborted();
        throw smtpFailure(error, where, hidden());
      } finally {
        signal.removeEventListener("abort", abort);
        sender.close();
      }
    },
  };
}

/** One address, with or without a name before it. Lists would hide recipients from `to`. */
function isAddress(value: unknown): value is string {
  if (typeof value !== "string" || value.length > 500 || control.test(value)) return false;
  const address = /^[^<>,;]*<([^<>]+)>$/.exec(value)?.[1] ?? value;
  return /^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/.test(address);
}

/** The same when a message is sent again, so that a mail program shows it once. */
function messageIdOf({ id }: NotifyMessage, from: string): string {
  const domain = /@([A-Za-z0-9.-]+)>?$/.exec(from)?.[1] ?? "localhost";
  return `<millrace.${Buffer.from(id).toString("base64url").slice(0, 120)}@${domain}>`;
}
