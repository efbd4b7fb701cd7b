import { lookup } from "node:dns/promises";
import { connect, isIP } from "node:net";
import { formatDuration } from "../time/duration.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionCheck } from "./provider.ts";

/** Ports of services that are named by their scheme. */
const usualPorts: Readonly<Record<string, number>> = {
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
  mssql: 1433,
  sqlserver: 1433,
  oracle: 1521,
  mongodb: 27017,
  redis: 6379,
  rediss: 6379,
  amqp: 5672,
  amqps: 5671,
  kafka: 9092,
  nats: 4222,
  mqtt: 1883,
  mqtts: 8883,
  smtp: 25,
  smtps: 465,
  ldap: 389,
  ldaps: 636,
  ftp: 21,
  ssh: 22,
  sftp: 22,
  clickhouse: 8123,
  http: 80,
  https: 443,
};

const mostAddresses = 8;

/** Whether something answers where a connection leads to. Over HTTP it is asked, with its user and password; else a TCP connection is opened and closed. */
export function reach(connection: Connection, signal: AbortSignal, timeoutMs: number): Promise<ConnectionCheck> {
  const isWeb = connection.type === "http" || connection.type === "https";
  return isWeb ? reachByHttp(connection, signal, timeoutMs) : reachByTcp(connection, signal, timeoutMs);
}

async function reachByHttp(connection: Connection, signal: AbortSignal, timeoutMs: number): Promise<ConnectionCheck> {
  const url = addressOf(connection);
  if (!url) return { ok: false, detail: "it has neither a URL nor a host" };
  const { user, password } = connection;
  const given = user !== undefined || password !== undefined;
  const headers: Record<string, string> = given
    ? { authorization: `Basic ${Buffer.from(`${user ?? ""}:${password ?? ""}`).toString("base64")}` }
    : {};
  try {
    for (const method of ["HEAD", "GET"]) {
      const response = await fetch(url, { method, headers, redirect: "manual", signal });
      void response.body?.cancel().catch(() => undefined);
      // Not every server knows HEAD.
      if (method === "HEAD" && [400, 403, 404, 405, 501].includes(response.status)) continue;
      return judged(response.status, method, given);
    }
    return { ok: false, detail: "it answers neither HEAD nor GET" };
  } catch (error) {
    return { ok: false, detail: refusal(url.host, error, signal, timeoutMs) };
  }
}

function judged(status: number, method: string, given: boolean): ConnectionCheck {
  const detail = `${method} is answered with ${status}`;
  if (status >= 500) return { ok: false, detail };
  if (status === 401 || status === 403)
    return given
      ? { ok: false, detail: `${detail}: its user and password are refused` }
      : { ok: true, detail: `${detail}: it wants to know who asks` };
  return { ok: true, detail };
}

/** Where to ask, without user and password. */
function addressOf({ type, host, port, url }: Connection): URL | undefined {
  if (url !== undefined) {
    const address = new URL(url);
    address.username = "";
    address.password = "";
    if (host !== undefined) address.hostname = bracketed(host);
    if (port !== undefined) address.port = String(port);
    return address;
  }
  return host === undefined
    ? undefined
    : (URL.parse(`${type}://${bracketed(host)}${port ? `:${port}` : ""}/`) ?? undefined);
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

async function reachByTcp(connection: Connection, signal: AbortSignal, timeoutMs: number): Promise<ConnectionCheck> {
  const { type, host, port = usualPorts[type] } = connection;
  if (host === undefined) return { ok: false, detail: "it names no host that could be tried" };
  if (port === undefined) return { ok: false, detail: `it names no port, and none is usual for '${type}'` };
  let addresses: readonly string[];
  try {
    addresses = await within(
      lookup(host, { all: true }).then((all) => all.map(({ address }) => address)),
      signal,
    );
  } catch (error) {
    return { ok: false, detail: refusal(host, error, signal, timeoutMs) };
  }
  const refused: string[] = [];
  for (const address of addresses.slice(0, mostAddresses)) {
    const place = `${bracketed(address)}:${port}`;
    const where = isIP(host) ? place : `${host} is ${address}; port ${port}`;
    try {
      await opened(address, port, signal);
      return { ok: true, detail: `${where} takes connections` };
    } catch (error) {
      refused.push(refusal(place, error, signal, timeoutMs));
      if (signal.aborted) break;
    }
  }
  const found = isIP(host) ? "" : `${host} is ${addresses.slice(0, mostAddresses).join(", ")}; `;
  return { ok: false, detail: `${found}${refused.join("; ")}` };
}

function opened(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const stop = (): void => void socket.destroy(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => signal.removeEventListener("abort", stop));
  });
}

async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

const says: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses connections (ECONNREFUSED)",
  ECONNRESET: "has broken the connection off (ECONNRESET)",
  ENOTFOUND: "is a name that nobody knows (ENOTFOUND)",
  EAI_AGAIN: "cannot be looked up now (EAI_AGAIN)",
  EHOSTUNREACH: "cannot be reached (EHOSTUNREACH)",
  ENETUNREACH: "is in a network that cannot be reached (ENETUNREACH)",
};

/** By its code: messages of libraries may quote what they were given. */
function refusal(place: string, error: unknown, signal: AbortSignal, timeoutMs: number): string {
  if (signal.aborted) return `${place} did not answer within ${formatDuration(timeoutMs)}`;
  const code = codeOf(error) ?? codeOf((error as { readonly cause?: unknown }).cause);
  return `${place} ${says[code ?? ""] ?? `could not be reached${code === undefined ? "" : ` (${code})`}`}`;
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
