import { isSecretName } from "../config/secrets.ts";
import { coreError, isMillraceError, type MillraceError, messageOf, shown } from "../errors.ts";
import type { Masker } from "../masking/masker.ts";
import { isThenable } from "../runtime/thenable.ts";
import { type Clock, monotonicOf } from "../time/clock.ts";
import { formatDuration } from "../time/duration.ts";
import { type Connection, parseConnection } from "./connection.ts";
import type { ConnectionCheck, SecretListing, SecretProvider } from "./provider.ts";
import { checkSecretName, isSecretKey, type SecretKind, secretVariable } from "./secret-name.ts";

/** What tasks ask for. */
export interface SecretAccess {
  /** @throws `SECRET_NAME_INVALID`, `SECRET_NOT_FOUND`, `SECRET_INVALID`, `SECRET_PROVIDER_FAILED` */
  secret(name: string): Promise<string>;
  /** @throws `SECRET_NAME_INVALID`, `CONNECTION_NOT_FOUND`, `SECRET_INVALID`, `SECRET_PROVIDER_FAILED` */
  connection(name: string): Promise<Connection>;
}

export interface SecretReaderOptions {
  /** Asked in this order: the first that has a name wins. */
  readonly providers: readonly SecretProvider[];
  readonly clock: Clock;
  /** How long an answer is given again without asking. */
  readonly ttlMs: number;
  /** How long one provider may take. */
  readonly timeoutMs: number;
  /** Told every value that is handed out. */
  readonly masker: Masker;
}

/** Something that a provider has, and which provider that is. */
export interface FoundSecret extends SecretListing {
  readonly provider: SecretProvider;
}

/** What could be listed, and why the rest could not. */
export interface SecretInventory {
  readonly found: readonly FoundSecret[];
  readonly problems: readonly MillraceError[];
  /** Names of providers that cannot tell what they have. */
  readonly silent: readonly string[];
}

interface Kept {
  readonly value: Promise<string | Connection>;
  /** By the clock that nobody sets; `undefined` as long as it is asked for. */
  until: number | undefined;
}

const longestSecret = 65_536;
const mostKept = 10_000;
const mostListed = 100_000;
const closeMs = 10_000;
const deepestOptions = 8;

/** Asks the providers, and keeps what they gave for a while. What fails or is missing is asked for anew the next time. */
export class SecretReader implements SecretAccess {
  readonly #options: SecretReaderOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #closing = new AbortController();

  constructor(options: SecretReaderOptions) {
    this.#options = options;
  }

  async secret(name: string): Promise<string> {
    return (await this.#read("secret", name)) as string;
  }

  async connection(name: string): Promise<Connection> {
    return (await this.#read("connection", name)) as Connection;
  }

  /** The provider that a name comes from, and the connection itself. */
  async locate(name: string): Promise<{ readonly provider: SecretProvider; readonly connection: Connection }> {
    checkSecretName("connection", name);
    const { provider, value } = await this.#ask("connection", name);
    const connection = value as Connection;
    this.#remember(connection);
    return { provider, connection };
  }

  /** What the provider itself finds when it tries a connection. */
  async test(provider: SecretProvider, name: string): Promise<ConnectionCheck> {
    const found: unknown = await this.#inTime(provider, "test", name, (signal) => provider.test?.(name, { signal }));
    const { ok, detail } = (found ?? {}) as Partial<ConnectionCheck>;
    if (typeof ok === "boolean" && typeof detail === "string") return { ok, detail };
    const expected = "object with ok and detail";
    throw coreError("SECRET_PROVIDER_INVALID", { provider: provider.name, expected, value: shown(found) });
  }

  /** What the providers have, by name; a name that several have is listed once, with the first of them. */
  async list(): Promise<SecretInventory> {
    const found = new Map<string, FoundSecret>();
    const problems: MillraceError[] = [];
    const silent: string[] = [];
    for (const provider of this.#options.providers) {
      if (!provider.list) {
        silent.push(provider.name);
        continue;
      }
      try {
        const listed: unknown = await this.#inTime(provider, "list", "", (signal) => provider.list?.({ signal }));
        for (const each of checkedList(provider, listed)) {
          const key = `${each.kind} ${each.name}`;
          if (!found.has(key)) found.set(key, { ...each, provider });
        }
      } catch (error) {
        problems.push(error as MillraceError);
      }
    }
    return { found: [...found.values()], problems, silent };
  }

  /** Whoever waits for a provider is refused; the providers let go of what they hold. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#kept.clear();
    const { providers, clock } = this.#options;
    const over = new AbortController();
    const closed = Promise.allSettled(providers.map(async (provider) => provider.close?.()));
    if (providers.some((provider) => provider.close)) await Promise.race([closed, clock.sleep(closeMs, over.signal)]);
    over.abort();
  }

  #read(kind: SecretKind, name: string): Promise<string | Connection> {
    checkSecretName(kind, name);
    const key = `${kind} ${name}`;
    const known = this.#kept.get(key);
    if (known && (known.until === undefined || monotonicOf(this.#options.clock) < known.until))
      return this.#handedOut(known.value);
    const kept: Kept = { value: this.#ask(kind, name).then(({ value }) => value), until: undefined };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    if (this.#kept.size > mostKept) this.#kept.delete(this.#kept.keys().next().value as string);
    kept.value.then(
      () => {
        kept.until = monotonicOf(this.#options.clock) + this.#options.ttlMs;
      },
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return this.#handedOut(kept.value);
  }

  async #handedOut(asked: Promise<string | Connection>): Promise<string | Connection> {
    const value = await asked;
    this.#remember(value);
    return value;
  }

  #remember(value: string | Connection): void {
    const { masker } = this.#options;
    if (typeof value === "string") return masker.remember(value);
    const { user = "", password, url, options } = value;
    for (const text of secretTexts(options)) masker.remember(text);
    const written = /^[^:]*:\/\/([^/?#]*)@/.exec(url ?? "")?.[1];
    const asWritten = written?.includes(":") ? written.slice(written.indexOf(":") + 1) : undefined;
    for (const text of [password, asWritten]) {
      if (text === undefined || text === "") continue;
      masker.remember(text);
      // Too short to be masked by itself.
      if (text.length < 4) masker.remember(`${user}:${text}@`);
    }
  }

  async #ask(
    kind: SecretKind,
    name: string,
  ): Promise<{ readonly provider: SecretProvider; readonly value: string | Connection }> {
    const { providers } = this.#options;
    for (const provider of providers) {
      const given: unknown = await this.#inTime(provider, kind, name, (signal) => provider.get(kind, name, { signal }));
      if (given === undefined || given === null) continue;
      const refuse = (why: string): MillraceError =>
        coreError("SECRET_INVALID", { kind: titles[kind], name, place: provider.name, why });
      const value = kind === "connection" ? parseConnection(name, given, refuse) : checkedSecret(given, refuse);
      return { provider, value };
    }
    const places = providers.map((provider) => provider.name).join(", ") || "no place: no provider is set up";
    const values = { name, places, variable: secretVariable(kind, name) };
    throw coreError(kind === "secret" ? "SECRET_NOT_FOUND" : "CONNECTION_NOT_FOUND", values);
  }

  /** @throws what has a code, else `SECRET_PROVIDER_FAILED` */
  async #inTime<T>(
    provider: SecretProvider,
    kind: SecretKind | "list" | "test",
    name: string,
    ask: (signal: AbortSignal) => T | Promise<T>,
  ): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    const over = new AbortController();
    const failed = (why: string, cause?: unknown): MillraceError =>
      coreError(
        "SECRET_PROVIDER_FAILED",
        { place: provider.name, what: whatOf(kind, name), why },
        cause === undefined ? undefined : { cause },
      );
    if (this.#closing.signal.aborted) throw failed("the engine is closing");
    try {
      const answer = ask(over.signal);
      if (!isThenable(answer)) return answer;
      const closing = Promise.withResolvers<never>();
      const onClose = (): void => closing.reject(failed("the engine is closing"));
      this.#closing.signal.addEventListener("abort", onClose, { once: true });
      const late = clock.sleep(timeoutMs, over.signal).then((): never => {
        throw failed(`it took longer than ${formatDuration(timeoutMs)}`);
      });
      late.catch(() => undefined);
      try {
        return await Promise.race([answer, late, closing.promise]);
      } finally {
        this.#closing.signal.removeEventListener("abort", onClose);
      }
    } catch (error) {
      if (isMillraceError(error)) throw error;
      throw failed(this.#options.masker.mask(messageOf(error)), error);
    } finally {
      over.abort();
    }
  }
}

function whatOf(kind: SecretKind | "list" | "test", name: string): string {
  if (kind === "list") return "its list";
  return kind === "test" ? `what it finds at connection '${name}'` : `${kind} '${name}'`;
}

const titles = { secret: "Secret", connection: "Connection" } as const;

/** Texts under names such as `token`, at any depth. */
function secretTexts(value: unknown, isSecret = false, depth = 0): readonly string[] {
  if (typeof value === "string") return isSecret ? [value] : [];
  if (typeof value !== "object" || value === null || depth > deepestOptions) return [];
  return Object.entries(value).flatMap(([key, item]) => secretTexts(item, isSecret || isSecretName(key), depth + 1));
}

function checkedSecret(given: unknown, refuse: (why: string) => MillraceError): string {
  if (typeof given !== "string") throw refuse("it is no text; quote it");
  if (given === "") throw refuse("it is empty");
  if (given.length > longestSecret) throw refuse(`it has ${given.length} characters, more than ${longestSecret}`);
  return given;
}

function checkedList(provider: SecretProvider, listed: unknown): readonly SecretListing[] {
  const isRight =
    Array.isArray(listed) &&
    listed.length <= mostListed &&
    listed.every(
      (each: unknown) =>
        typeof each === "object" &&
        each !== null &&
        ["secret", "connection"].includes((each as SecretListing).kind) &&
        isSecretKey((each as SecretListing).name),
    );
  if (isRight) return listed as readonly SecretListing[];
  throw coreError("SECRET_PROVIDER_INVALID", {
    provider: provider.name,
    expected: "list of { kind, name }",
    value: shown(listed),
  });
}
