import { isPlainRecord } from "../authoring/option-reader.ts";

/** What a task needs to reach something else. */
export interface Connection {
  readonly name: string;
  /** The scheme of its URL, `postgres` or `https` for example, or what its object says. */
  readonly type: string;
  /** Without the brackets of an IPv6 address. */
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  /** The path of its URL, without the slash before it; not that of `http` and `https`. */
  readonly database?: string;
  /** Its URL as it was given, if it was. */
  readonly url?: string;
  /** The query of its URL, or what its object says. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A connection as it is given: a URL, or an object, in which a `url` may stand for what the rest does not say. */
export type ConnectionInput = string | (Partial<Omit<Connection, "name">> & { readonly name?: undefined });

/** Says what is wrong in words that hold no value. */
type Refuse = (why: string) => Error;

const longest = 65_536;
const typeRule = /^[a-z][a-z0-9+.-]*$/;
const textFields = ["type", "host", "user", "password", "database", "url"] as const;
const knownFields: readonly string[] = [...textFields, "port", "options"];
const deepestOptions = 8;
const refusedKeys = ["__proto__", "constructor", "prototype"];

/**
 * Makes a connection of a URL, of the JSON of an object, or of an object.
 *
 * @throws what `refuse` makes of the reason
 */
export function parseConnection(name: string, given: unknown, refuse: Refuse): Connection {
  if (typeof given !== "string") return fromObject(name, given, refuse);
  if (given.length > longest) throw refuse(`it has ${given.length} characters, more than ${longest}`);
  const text = given.trim();
  if (!text.startsWith("{")) return fromUrl(name, text, refuse);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse("it begins with '{' and is not JSON");
  }
  return fromObject(name, value, refuse);
}

function fromUrl(name: string, text: string, refuse: Refuse): Connection {
  const url = URL.parse(text);
  if (!url || !/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    throw refuse(
      "it is no URL such as postgres://user:password@host:5432/database; signs like # / ? @ in a password are written as %23 %2F %3F %40",
    );
  if (url.hash !== "") throw refuse("it has a '#', which has to be written as %23");
  const type = url.protocol.slice(0, -1);
  const isWeb = type === "http" || type === "https";
  const decoded = (part: string, what: string): string | undefined => {
    if (part === "") return undefined;
    try {
      return decodeURIComponent(part);
    } catch {
      throw refuse(`its ${what} has a '%' that begins no percent-encoded character; write it as %25`);
    }
  };
  return frozen({
    name,
    type,
    host: decoded(url.hostname.replace(/^\[(.*)\]$/, "$1"), "host"),
    port: url.port === "" ? undefined : Number(url.port),
    user: decoded(url.username, "user"),
    password: decoded(url.password, "password"),
    database: isWeb ? undefined : decoded(url.pathname.slice(1), "database"),
    url: text,
    options: optionsOf(url, refuse),
  });
}

function optionsOf(url: URL, refuse: Refuse): Record<string, string> {
  const options: Record<string, string> = {};
  for (const [key, value] of url.searchParams) {
    if (refusedKeys.includes(key)) throw refuse("one of its options has a name that may not be used");
    if (Object.hasOwn(options, key)) throw refuse("one of its options is given twice");
    options[key] = value;
  }
  return options;
}

function fromObject(name: string, given: unknown, refuse: Refuse): Connection {
  if (!isPlainRecord(given)) throw refuse("a URL or an object is needed");
  const fields = given as Readonly<Record<string, unknown>>;
  for (const field of Object.keys(fields))
    if (!knownFields.includes(field))
      throw refuse(`it has a field that nobody reads; known are ${knownFields.join(", ")}`);
  for (const field of textFields) {
    const value = fields[field];
    if (value !== undefined && (typeof value !== "string" || value.length > longest))
      throw refuse(`its ${field} is no text of at most ${longest} characters; quote it`);
  }
  const { port, options = {} } = fields;
  if (port !== undefined && !(Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535))
    throw refuse("its port is no whole number from 1 to 65535");
  if (!isPlainRecord(options) || refusedKeys.some((key) => Object.hasOwn(options as object, key)))
    throw refuse("its options are no object of values by name");
  const { type, host, user, password, database, url } = fields as Partial<Connection>;
  const base = url === undefined ? undefined : fromUrl(name, url, refuse);
  const ownType = type ?? base?.type;
  if (ownType === undefined || !typeRule.test(ownType))
    throw refuse("its type is needed, in small letters, for example 'postgres', or a url");
  return frozen({
    name,
    type: ownType,
    host: host ?? base?.host,
    port: (port as number | undefined) ?? base?.port,
    user: user ?? base?.user,
    password: password ?? base?.password,
    database: database ?? base?.database,
    url,
    options: { ...base?.options, ...(plainCopy(options, refuse) as object) },
  });
}

/** A copy that nobody can change: the connection is given to others too, and to threads, which takes plain data. */
function plainCopy(value: unknown, refuse: Refuse, depth = 0): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw refuse("its options hold a function or symbol");
  if (typeof value !== "object" || value === null) return value;
  if (depth > deepestOptions) throw refuse(`its options have more than ${deepestOptions} levels`);
  if (Array.isArray(value)) return Object.freeze(value.map((item) => plainCopy(item, refuse, depth + 1)));
  if (!isPlainRecord(value) || refusedKeys.some((key) => Object.hasOwn(value, key)))
    throw refuse("its options hold something else than plain data");
  const entries = Object.entries(value).map(([key, item]) => [key, plainCopy(item, refuse, depth + 1)] as const);
  return Object.freeze(Object.fromEntries(entries));
}

/** Without the fields that it does not have. */
function frozen(fields: { readonly [K in keyof Connection]: Connection[K] | undefined }): Connection {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  Object.freeze(fields.options);
  return Object.freeze(Object.fromEntries(kept)) as unknown as Connection;
}
