import { constants, type FileHandle, open } from "node:fs/promises";
import { isPlainRecord } from "../authoring/option-reader.ts";
import { coreError, type MillraceError } from "../errors.ts";
import type { ConnectionInput } from "./connection.ts";
import type { SecretProvider } from "./provider.ts";
import { isSecretKey, type SecretKind } from "./secret-name.ts";

type Values = Readonly<Record<SecretKind, Readonly<Record<string, unknown>>>>;

const mostBytes = 1_048_576;
const mostAliases = 100;
/** Rights of the group and of everybody. */
const rightsOfOthers = 0o077;

/**
 * Secrets and connections from a YAML or JSON file with `secrets` and `connections`, each with values by name. Read whenever it
 * is asked. Refused if others than its owner may read or write it (not on Windows, where rights are not told so), if it is no
 * plain file, or has more than 1 MiB or 100 aliases. Secrets are texts: a number is to be quoted.
 *
 * @throws from `get` and `list`: `SECRETS_FILE_OPEN`, `SECRETS_FILE_INVALID`, which shows nothing of its content
 * @example
 * ```ts
 * import { mkdtemp, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { fileSecrets } from "@millrace/core/engine";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "secrets-")), "secrets.yaml");
 * await writeFile(path, "connections:\n  shop: postgres://etl@db.local/shop\n", { mode: 0o600 });
 * const { signal } = new AbortController();
 * console.log(await fileSecrets({ path }).get("connection", "shop", { signal })); // postgres://etl@db.local/shop
 * ```
 */
export function fileSecrets({ path }: { readonly path: string }): SecretProvider {
  return {
    name: `the file ${path}`,
    async get(kind, name) {
      const values = (await readValues(path))[kind];
      return Object.hasOwn(values, name) ? (values[name] as ConnectionInput) : undefined;
    },
    async list() {
      const values = await readValues(path);
      return (["secret", "connection"] as const).flatMap((kind) =>
        Object.keys(values[kind]).map((name) => ({ kind, name })),
      );
    },
  };
}

async function readValues(path: string): Promise<Values> {
  const refuse = (why: string): MillraceError => coreError("SECRETS_FILE_INVALID", { path, why });
  const parsed = await parse(await readText(path, refuse), refuse);
  if (parsed === null) return { secret: {}, connection: {} };
  if (!isPlainRecord(parsed)) throw refuse("it holds no object");
  const groups = parsed as Readonly<Record<string, unknown>>;
  for (const group of Object.keys(groups))
    if (group !== "secrets" && group !== "connections")
      throw refuse("only 'secrets' and 'connections' may stand in it");
  return { secret: groupOf(groups, "secrets", refuse), connection: groupOf(groups, "connections", refuse) };
}

function groupOf(
  groups: Readonly<Record<string, unknown>>,
  group: "secrets" | "connections",
  refuse: (why: string) => MillraceError,
): Readonly<Record<string, unknown>> {
  const values = groups[group] ?? {};
  if (!isPlainRecord(values)) throw refuse(`its '${group}' are no values by name`);
  Object.keys(values).forEach((name, place) => {
    // A name that is wrong may be a value in the wrong place.
    if (!isSecretKey(name))
      throw refuse(
        `number ${place + 1} of its '${group}' has no name of small letters and digits with one _, -, . or / between them`,
      );
  });
  return values as Readonly<Record<string, unknown>>;
}

/** The rights are those of the very file that is read: it is looked at once it is open. */
async function readText(path: string, refuse: (why: string) => MillraceError): Promise<string> {
  let file: FileHandle;
  try {
    // Without waiting: a pipe would be waited for until somebody writes to it.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw refuse(`it cannot be opened (${(error as NodeJS.ErrnoException).code ?? "unknown reason"})`);
  }
  try {
    const stat = await file.stat();
    const { mode, size } = stat;
    if (!stat.isFile()) throw refuse("it is no plain file");
    if (process.platform !== "win32" && (mode & rightsOfOthers) !== 0)
      throw coreError("SECRETS_FILE_OPEN", { path, mode: (mode & 0o777).toString(8).padStart(4, "0") });
    if (size > mostBytes) throw refuse(`it has ${size} bytes, more than ${mostBytes}`);
    const bytes = await file.readFile();
    if (bytes.length > mostBytes) throw refuse(`it has more than ${mostBytes} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw refuse("it is not text in UTF-8");
    throw error;
  } finally {
    await file.close();
  }
}

/** What parsers say of a mistake quotes the text around it: only the place is told. */
async function parse(text: string, refuse: (why: string) => MillraceError): Promise<unknown> {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true, logLevel: "silent" });
  const [mistake] = document.errors;
  if (mistake) {
    const place = mistake.linePos?.[0];
    throw refuse(`it is neither YAML nor JSON${place ? `, at line ${place.line}, column ${place.col}` : ""}`);
  }
  try {
    return document.toJS({ maxAliasCount: mostAliases }) as unknown;
  } catch {
    throw refuse(`it has more than ${mostAliases} aliases, or one that leads nowhere`);
  }
}
