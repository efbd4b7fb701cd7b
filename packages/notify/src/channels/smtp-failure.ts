import { isMillraceError, type MillraceError } from "@millrace/core/plugin";
import { notifyError } from "../errors.ts";
import { safeLine } from "../text/safe-line.ts";

interface SmtpError {
  readonly code?: unknown;
  /** What the server said, and its code: 4xx may pass, 5xx does not. */
  readonly response?: unknown;
  readonly responseCode?: unknown;
}

/** Answers by which a server says that this message, and not its sender or recipient, is at fault. */
const aboutMessage = new Set([552, 554]);

/**
 * What became of a mail, as one of our errors. What the server said is shown in one line, without the texts in `hidden`.
 *
 * @param hidden - secrets that might be repeated by a server
 */
export function smtpFailure(error: unknown, where: string, hidden: readonly string[]): MillraceError {
  if (isMillraceError(error)) return error;
  const { code, response, responseCode } = error as SmtpError;
  const said = typeof response === "string" ? `it said "${without(hidden, safeLine(response))}"` : undefined;
  const status = typeof responseCode === "number" ? responseCode : undefined;
  const kind = typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code) ? code : "no connection";
  // Of a connection that failed the library says so; what failed stands in the text.
  const cause = kind === "ESOCKET" ? /\bE[A-Z]{3,30}\b/.exec(messageOf(error))?.[0] : undefined;
  const values = { where, why: said ?? cause ?? kind };
  switch (kind) {
    case "EAUTH":
    case "ENOAUTH":
      return notifyError(status !== undefined && isPassing(status) ? "NOTIFY_BUSY" : "NOTIFY_LOGIN_REFUSED", values);
    case "ETLS":
    case "EREQUIRETLS":
      return notifyError("NOTIFY_TLS_FAILED", { where, why: said ?? reasonOf(error, kind, hidden) });
  }
  if (status === undefined) {
    const isTls = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(kind) || isCertificateError(error);
    if (isTls) return notifyError("NOTIFY_TLS_FAILED", { where, why: reasonOf(error, kind, hidden) });
    return notifyError("NOTIFY_UNREACHABLE", values);
  }
  if (isPassing(status)) return notifyError("NOTIFY_BUSY", values);
  if (kind === "EMESSAGE" && aboutMessage.has(status)) return notifyError("NOTIFY_MESSAGE_REFUSED", values);
  return notifyError("NOTIFY_REFUSED", values);
}

function isPassing(status: number): boolean {
  return status >= 400 && status < 500;
}

/** The name of the certificate's fault, which Node gives beside nodemailer's code. */
function isCertificateError(error: unknown): boolean {
  return /certificate|self.signed|altnames|wrong version number|ssl|tls/i.test(messageOf(error));
}

/** What went wrong while becoming private: Node's own words, which name certificates and versions. */
function reasonOf(error: unknown, code: string, hidden: readonly string[]): string {
  const text = messageOf(error);
  return text === "" ? code : without(hidden, safeLine(text));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

function without(hidden: readonly string[], text: string): string {
  return hidden.reduce((rest, secret) => {
    const forms = [secret, Buffer.from(secret).toString("base64")];
    return forms.reduce((left, form) => (form === "" ? left : left.replaceAll(form, "***")), rest);
  }, text);
}
