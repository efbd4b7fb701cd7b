import { type Clock, shown } from "@millrace/core/plugin";
import { z } from "zod";
import { aesGcmError } from "./errors.ts";
import type { KeyEntry } from "./keys/key-entry.ts";
import { isKeyProvider, type KeyProvider } from "./keys/key-provider.ts";
import type { KeyRingSource } from "./keys/key-ring.ts";

export interface AesGcmOptions {
  /**
   * The keys: a list, the name of an environment variable, a file or a {@link KeyProvider}. The first one writes, all
   * read. There is no default.
   */
  readonly keys: KeyRingSource | KeyProvider;
  /** `sensitive`: only values that contain a keyword, or cannot be looked through. Default `always`. */
  readonly encrypt?: "always" | "sensitive";
  /** Take the place of {@link defaultSensitiveKeywords}. Only with `encrypt: "sensitive"`. */
  readonly sensitiveKeywords?: readonly string[];
  /**
   * `sha256` is a plain hash of the value, which lets whoever reads the row test guesses. Default `hmac-sha256`, which needs
   * the key.
   */
  readonly checksum?: "hmac-sha256" | "sha256";
  /**
   * Whether values are read that were stored without encryption: `true`, `false`, or until an instant (ISO 8601). Default
   * `true`. Only with `encrypt: "always"`.
   */
  readonly acceptPlain?: boolean | string;
  /** Age of the writing key from which on `open` warns, in days. Default: none. */
  readonly rotationDays?: number;
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, "now">;
}

const instant = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

const options = z.strictObject({
  keys: z.custom<AesGcmOptions["keys"]>(
    isKeys,
    'expected a list of { id, key }, { env: "NAME" }, { file: "path" } or a key provider',
  ),
  encrypt: z.enum(["always", "sensitive"], "expected 'always' or 'sensitive'").optional(),
  sensitiveKeywords: z
    .array(z.string().regex(/\S/).max(200), "expected a list of words")
    .min(1, "expected at least one word")
    .max(100, "expected at most 100 words")
    .optional(),
  checksum: z.enum(["hmac-sha256", "sha256"], "expected 'hmac-sha256' or 'sha256'").optional(),
  acceptPlain: z
    .union(
      [z.boolean(), z.string().refine((text) => instant.test(text) && !Number.isNaN(Date.parse(text)))],
      "expected true, false or an instant such as 2026-12-31T00:00:00Z",
    )
    .optional(),
  rotationDays: z.number("expected a number of days").positive("expected a number of days above 0").optional(),
  clock: z.custom<Pick<Clock, "now">>((value) => typeof (value as Clock | null)?.now === "function").optional(),
});

/** The options as they are checked, here and in a config file. */
export const optionsSchema = options
  .refine((given) => given.encrypt === "sensitive" || given.sensitiveKeywords === undefined, {
    path: ["sensitiveKeywords"],
    message: "expected only with encrypt: 'sensitive'",
  })
  .refine((given) => given.encrypt !== "sensitive" || [undefined, true].includes(given.acceptPlain as true), {
    path: ["acceptPlain"],
    message: "expected true with encrypt: 'sensitive', which leaves values plain on purpose",
  });

/** @throws `XCOM_ENCRYPTION_OPTION_INVALID` */
export function checkOptions(given: AesGcmOptions): AesGcmOptions {
  const { success, data, error } = optionsSchema.safeParse(given);
  if (success) return data as AesGcmOptions;
  const issue = error.issues[0];
  const option = issue?.code === "unrecognized_keys" ? String(issue.keys[0]) : String(issue?.path[0] ?? "options");
  const value: unknown = option === "options" ? given : new Map<string, unknown>(Object.entries(given)).get(option);
  throw aesGcmError("XCOM_ENCRYPTION_OPTION_INVALID", {
    option,
    value: option === "keys" && value !== undefined ? "not shown" : shown(value),
    expected: issue?.code === "unrecognized_keys" ? "there is no such option" : (issue?.message ?? "something else"),
  });
}

function isKeys(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isEntry);
  if (typeof value !== "object" || value === null) return false;
  if (isKeyProvider(value)) return true;
  const [[field, text] = [], ...more] = Object.entries(value);
  return (field === "env" || field === "file") && typeof text === "string" && text !== "" && more.length === 0;
}

function isEntry(value: unknown): value is KeyEntry {
  if (typeof value !== "object" || value === null) return false;
  return Object.keys(value).every((field) => ["id", "key", "created"].includes(field));
}
