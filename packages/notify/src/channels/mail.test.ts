import type { AddressInfo } from "node:net";
import { isMillraceError, type MillraceError } from "@millrace/core/plugin";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, describe, expect, it } from "vitest";
import { certificate, privateKey } from "../../test/loopback-certificate.ts";
import { hostileMessage, message } from "../../test/messages.ts";
import { type MailOptions, mail } from "./mail.ts";

const password = "s3cr3t-pass";
const servers: SMTPServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise<void>((resolve) => server.close(resolve));
});

/** A mail that a server took. */
interface Taken {
  readonly from: string | undefined;
  readonly to: readonly string[];
  readonly isPrivate: boolean;
  readonly user: string | undefined;
  readonly text: string;
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

/** A mail server on this machine, and what it took. */
async function mailServer(
  options: SMTPServerOptions = {},
): Promise<{ readonly port: number; readonly taken: Taken[] }> {
  const taken: Taken[] = [];
  const server = new SMTPServer({
    key: privateKey,
    cert: certificate,
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 1,
    onAuth: (auth, _session, done) =>
      auth.username === "me" && auth.password === password
        ? done(null, { user: "me" })
        : done(refusal(535, `no, ${auth.password} is wrong`)),
    onData(stream, session, done) {
      const pieces: Buffer[] = [];
      stream.on("data", (piece: Buffer) => pieces.push(piece));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        taken.push({
          from: mailFrom ? mailFrom.address : undefined,
          to: rcptTo.map(({ address }) => address),
          isPrivate: session.secure,
          user: session.user,
          text: Buffer.concat(pieces).toString(),
        });
        done(null);
      });
    },
    ...options,
  });
  servers.push(server);
  server.on("error", () => undefined);
  const listener = server.listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  return { port: (listener.address() as AddressInfo).port, taken };
}

const base = { host: "127.0.0.1", from: "Millrace <millrace@example.com>", to: "team@example.com" } as const;
const trusting = { ...base, tls: { ca: certificate, servername: "localhost" } };
const login = { user: "me", password };
const never = new AbortController().signal;

async function failure(act: () => Promise<unknown> | unknown): Promise<MillraceError> {
  try {
    await act();
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    const shown = JSON.stringify([error.message, error.cure, error.values, String(error.cause)]);
    expect(shown).not.toContain(password);
    expect(shown).not.toContain(Buffer.from(password).toString("base64"));
    return error;
  }
  throw new Error("it did not fail");
}

const send = (options: MailOptions, signal = never): Promise<void> => mail(options).send(message, { signal });
/** A header as a mail program reads it. */
const header = (text: string, name: string): string[] =>
  text
    .slice(0, text.indexOf("\r\n\r\n"))
    .replaceAll(/\r\n[ \t]+/g, " ")
    .split("\r\n")
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));

describe("a mail", () => {
  it("goes out in private, with its login, to everybody named", async () => {
    const { port, taken } = await mailServer();
    const env = { SMTP_PASSWORD: password };
    const to = ["team@example.com", "Boss <boss@example.com>"];
    await send({ ...trusting, port, to, auth: { user: "me", password: { env: "SMTP_PASSWORD" } }, env });
    const [one] = taken;
    expect(one).toMatchObject({ from: "millrace@example.com", isPrivate: true, user: "me" });
    expect(one.to).toEqual(["team@example.com", "boss@example.com"]);
    expect(header(one.text, "Subject")).toEqual(["Subject: [Millrace] A run of 'daily_sales' failed"]);
    expect(header(one.text, "Auto-Submitted")).toEqual(["Auto-Submitted: auto-generated"]);
    expect(one.text.replaceAll("=\r\n", "")).toContain("scheduled__2026-10-21T00:00:00Z (scheduled)");
    expect(one.text).not.toContain(password);
  });

  it("has the same message id when it is sent again", async () => {
    const { port, taken } = await mailServer();
    await send({ ...trusting, port });
    await send({ ...trusting, port });
    const ids = taken.map(({ text }) => header(text, "Message-ID").join());
    expect(ids[0]).toMatch(/^Message-ID: <millrace\.[\w-]+@example\.com>$/);
    expect(ids[1]).toBe(ids[0]);
  });

  it("brings in no header and no recipient by what stands in it", async () => {
    const { port, taken } = await mailServer();
    await mail({ ...trusting, port, subjectPrefix: "" }).send(hostileMessage, { signal: never });
    const [{ text, to }] = taken;
    expect(to).toEqual(["team@example.com"]);
    expect(header(text, "Bcc")).toEqual([]);
    expect(header(text, "Subject")).toHaveLength(1);
    expect(header(text, "To")).toEqual(["To: team@example.com"]);
  });

  it("over TLS from the first byte on, when it is wanted", async () => {
    const { port, taken } = await mailServer({ secure: true });
    await send({ ...trusting, port, secure: true, auth: login });
    expect(taken).toMatchObject([{ isPrivate: true, user: "me" }]);
  });

  it("in the clear only when that is wanted", async () => {
    const { port, taken } = await mailServer({ disabledCommands: ["STARTTLS"] });
    expect((await failure(() => send({ ...trusting, port }))).code).toBe("NOTIFY_TLS_FAILED");
    await send({ ...base, port, startTls: "never" });
    await send({ ...base, port, startTls: "opportunistic" });
    expect(taken.map(({ isPrivate }) => isPrivate)).toEqual([false, false]);
    const offering = await mailServer();
    await send({ ...base, port: offering.port, startTls: "never" });
    await send({ ...trusting, port: offering.port, startTls: "opportunistic" });
    expect(offering.taken.map(({ isPrivate }) => isPrivate)).toEqual([false, true]);
  });

  it("goes to no server whose certificate nobody vouches for", async () => {
    const { port, taken } = await mailServer();
    expect(await failure(() => send({ ...base, port, auth: login }))).toMatchObject({
      code: "NOTIFY_TLS_FAILED",
      message: expect.stringMatching(/self-signed/),
    });
    const secure = await mailServer({ secure: true });
    expect((await failure(() => send({ ...base, port: secure.port, secure: true }))).code).toBe("NOTIFY_TLS_FAILED");
    const other = { ca: certificate, servername: "other.example.com" };
    expect((await failure(() => send({ ...base, port, tls: other }))).code).toBe("NOTIFY_TLS_FAILED");
    expect([...taken, ...secure.taken]).toEqual([]);
  });

  it("is not sent without the login that it is to have", async () => {
    const { port, taken } = await mailServer({ disabledCommands: ["AUTH"] });
    expect((await failure(() => send({ ...trusting, port, auth: login }))).code).toMatch(/^NOTIFY_LOGIN_REFUSED$/);
    expect(taken).toEqual([]);
  });

  it("with a wrong password fails, and the password is nowhere", async () => {
    const { port } = await mailServer({ onAuth: (_auth, _session, done) => done(refusal(535, `no, not ${password}`)) });
    const error = await failure(() => send({ ...trusting, port, auth: login }));
    expect(error.code).toBe("NOTIFY_LOGIN_REFUSED");
    expect(error.message).toContain("no, not ***");
  });

  it.each<[string, SMTPServerOptions, string]>([
    ["greylisted", { onRcptTo: (_to, _session, done) => done(refusal(451, "4.7.1 try later")) }, "NOTIFY_BUSY"],
    ["full", { onConnect: (_session, done) => done(refusal(421, "too many")) }, "NOTIFY_BUSY"],
    ["of no such user", { onRcptTo: (_to, _session, done) => done(refusal(550, "no such user")) }, "NOTIFY_REFUSED"],
    ["of a wrong sender", { onMailFrom: (_from, _session, done) => done(refusal(553, "not you")) }, "NOTIFY_REFUSED"],
    [
      "that the message is spam",
      { onData: (stream, _session, done) => void stream.resume().on("end", () => done(refusal(554, "spam"))) },
      "NOTIFY_MESSAGE_REFUSED",
    ],
    [
      "that there is no room",
      { onData: (stream, _session, done) => void stream.resume().on("end", () => done(refusal(452, "full"))) },
      "NOTIFY_BUSY",
    ],
  ])("told that it is %s", async (_, options, code) => {
    const { port } = await mailServer(options);
    expect((await failure(() => send({ ...trusting, port }))).code).toBe(code);
  });

  it("whose connection drops, or whose server is not there, was not sent", async () => {
    const drop = (): void => {
      for (const connection of servers[0].connections) connection.close();
    };
    const { port } = await mailServer({ onRcptTo: drop });
    expect((await failure(() => send({ ...trusting, port }))).code).toMatch(/^NOTIFY_(UNREACHABLE|BUSY)$/);
    await new Promise<void>((resolve) => servers.splice(0)[0].close(resolve));
    expect(await failure(() => send({ ...trusting, port }))).toMatchObject({
      code: "NOTIFY_UNREACHABLE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("to a server that says nothing ends with its signal", async () => {
    const { promise: connected, resolve } = Promise.withResolvers<void>();
    const { port } = await mailServer({ onConnect: () => resolve() });
    const reason = new Error("too late");
    for (const act of ["send", "check"] as const) {
      const limit = new AbortController();
      const channel = mail({ ...trusting, port });
      const done = act === "send" ? channel.send(message, limit) : channel.check?.(limit);
      done?.catch(() => undefined);
      await connected;
      limit.abort(reason);
      await expect(done).rejects.toBe(reason);
    }
    await expect(send({ ...trusting, port }, AbortSignal.abort(reason))).rejects.toThrow();
  });
});

describe("a mail channel", () => {
  it("is checked by a login that sends nothing", async () => {
    const { port, taken } = await mailServer();
    await mail({ ...trusting, port, auth: login }).check?.({ signal: never });
    const wrong = mail({ ...trusting, port, auth: { user: "me", password: "wrong" } });
    expect((await failure(() => wrong.check?.({ signal: never }))).code).toBe("NOTIFY_LOGIN_REFUSED");
    expect(taken).toEqual([]);
  });

  it("without the variable of its password says so, and does not connect", async () => {
    const channel = mail({ ...base, port: 1, auth: { user: "me", password: { env: "NOWHERE" } }, env: {} });
    expect(await failure(() => channel.send(message, { signal: never }))).toMatchObject({
      code: "NOTIFY_SECRET_MISSING",
      values: { name: "NOWHERE" },
    });
  });

  const remote = { ...base, host: "smtp.example.com" };
  it.each<[string, Record<string, unknown>, string]>([
    ["no host", { ...base, host: "" }, "host"],
    ["a host with a line", { ...base, host: "a\r\nb" }, "host"],
    ["a port that is none", { ...base, port: 0 }, "port"],
    ["a mode that is none", { ...base, startTls: "perhaps" }, "startTls"],
    ["nobody to send to", { ...base, to: [] }, "to"],
    ["a hidden recipient", { ...base, to: "a@example.com, b@example.com" }, "to"],
    ["a header in an address", { ...base, to: "a@example.com\r\nBcc: b@example.com" }, "to"],
    ["a sender without address", { ...base, from: "Millrace" }, "from"],
    ["a group", { ...base, to: "all: a@example.com;" }, "to"],
    ["a login without user", { ...base, auth: { user: "", password } }, "auth.user"],
    ["an empty password", { ...base, auth: { user: "me", password: "" } }, "password"],
    ["a login in the clear", { ...remote, startTls: "never", auth: login }, ""],
    ["a login that may be in the clear", { ...remote, startTls: "opportunistic", auth: login }, ""],
  ])("is not made with %s", async (_, options, option) => {
    const error = await failure(() => mail(options as unknown as MailOptions));
    expect([error.code, error.values.option ?? ""]).toEqual([
      option === "" ? "NOTIFY_INSECURE" : "NOTIFY_OPTION_INVALID",
      option,
    ]);
  });

  it("may have a login in the clear where that is wanted in so many words, or stays on this machine", () => {
    expect(mail({ ...remote, startTls: "never", auth: login, allowInsecure: true }).name).toBe(
      "mail by smtp.example.com",
    );
    expect(mail({ ...base, startTls: "never", auth: login }).name).toBe("mail by 127.0.0.1");
  });
});
