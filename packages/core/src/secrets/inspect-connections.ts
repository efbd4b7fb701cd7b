import { isMillraceError, type MillraceError } from "../errors.ts";
import { processMasker } from "../masking/masker.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { type DurationInput, parseDuration } from "../time/duration.ts";
import type { ConnectionCheck, SecretProvider } from "./provider.ts";
import { reach } from "./reach.ts";
import { SecretReader } from "./secret-reader.ts";

/** Where connections are looked for, and how long that may take. */
export interface InspectConnectionsOptions {
  /** As for `createEngine({ secrets })`. */
  readonly providers: readonly SecretProvider[];
  /** How long each provider, and each look, may take. Default 10 s. */
  readonly timeout?: DurationInput;
  readonly clock?: Clock;
}

/** A connection that there is, without any value of it. */
export interface ListedConnection {
  readonly name: string;
  /** `undefined` if it cannot be read. */
  readonly type: string | undefined;
  /** The provider that it comes from. */
  readonly from: string;
  /** Why it cannot be read. */
  readonly problem: MillraceError | undefined;
}

export interface ListedConnections {
  /** By name. */
  readonly connections: readonly ListedConnection[];
  /** Providers that could not be asked. */
  readonly problems: readonly MillraceError[];
  /** Providers that cannot tell what they have. */
  readonly silent: readonly string[];
}

export interface TestedConnection extends ConnectionCheck {
  readonly name: string;
  readonly type: string;
  /** The provider that it comes from. */
  readonly from: string;
}

const readerOf = ({ providers, timeout = "10s", clock = systemClock }: InspectConnectionsOptions): SecretReader =>
  new SecretReader({ providers, clock, ttlMs: 0, timeoutMs: parseDuration(timeout), masker: processMasker });

/**
 * Lists the connections that the providers have: names, types and where they come from, never a value.
 *
 * @throws `DURATION_INVALID`
 * @example
 * ```ts
 * import { givenSecrets, listConnections } from "@millrace/core/engine";
 *
 * const providers = [givenSecrets({ connections: { shop: "postgres://etl:k7Tq92x@db.local/shop" } })];
 * const { connections } = await listConnections({ providers });
 * console.log(connections[0]); // { name: 'shop', type: 'postgres', from: 'the given values', problem: undefined }
 * ```
 */
export async function listConnections(options: InspectConnectionsOptions): Promise<ListedConnections> {
  const reader = readerOf(options);
  const { found, problems, silent } = await reader.list();
  const names = found.filter(({ kind }) => kind === "connection").sort((a, b) => (a.name < b.name ? -1 : 1));
  const connections: ListedConnection[] = [];
  for (const { name, provider } of names) {
    try {
      // One that cannot tell what it has may come before.
      const { connection, provider: first } = await reader.locate(name);
      connections.push({ name, type: connection.type, from: first.name, problem: undefined });
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      connections.push({ name, type: undefined, from: provider.name, problem: error });
    }
  }
  return { connections, problems, silent };
}

/**
 * Tries a connection: in the way of its provider if that has one; over HTTP it is asked with HEAD, and GET if need be, with its
 * user and password; else a TCP connection is opened and closed again, at the usual port of its type if it names none.
 *
 * @throws `SECRET_NAME_INVALID`, `CONNECTION_NOT_FOUND`, `SECRET_INVALID`, `SECRET_PROVIDER_FAILED`, `DURATION_INVALID`
 * @example
 * ```ts
 * import { givenSecrets, testConnection } from "@millrace/core/engine";
 *
 * const providers = [givenSecrets({ connections: { shop: "postgres://etl:k7Tq92x@127.0.0.1:9/shop" } })];
 * const { ok, detail } = await testConnection("shop", { providers });
 * console.log(ok, detail); // false 127.0.0.1:9 refuses connections (ECONNREFUSED)
 * ```
 */
export async function testConnection(name: string, options: InspectConnectionsOptions): Promise<TestedConnection> {
  const reader = readerOf(options);
  const { provider, connection } = await reader.locate(name);
  const check = provider.test
    ? await reader.test(provider, name)
    : await look(options, (signal, timeoutMs) => reach(connection, signal, timeoutMs));
  const { type } = connection;
  return { name, type, from: provider.name, ok: check.ok, detail: processMasker.mask(check.detail) };
}

async function look<T>(
  { timeout = "10s", clock = systemClock }: InspectConnectionsOptions,
  act: (signal: AbortSignal, timeoutMs: number) => Promise<T>,
): Promise<T> {
  const timeoutMs = parseDuration(timeout);
  const late = new AbortController();
  const over = new AbortController();
  void clock.sleep(timeoutMs, over.signal).then(() => late.abort());
  try {
    return await act(late.signal, timeoutMs);
  } finally {
    over.abort();
  }
}
