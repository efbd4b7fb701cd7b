import { z } from "zod";
import { isPoolName } from "../authoring/identifiers.ts";
import { isPlainRecord } from "../authoring/option-reader.ts";
import { parseRetention, type RetentionOptions } from "../engine/retention/retention-rules.ts";
import { coreError, isMillraceError, type MillraceError, shown } from "../errors.ts";
import { type ConnectionInput, parseConnection } from "../secrets/connection.ts";
import type { SecretProvider } from "../secrets/provider.ts";
import { isSecretKey } from "../secrets/secret-name.ts";
import type { Store } from "../store/contract.ts";
import { type DurationInput, parseDuration } from "../time/duration.ts";
import type { XComBackendPart } from "../xcom/parts.ts";
import type { LiveService, MillraceConfig, PluginOptions, PluginReference } from "./define-config.ts";
import { isEngineService, isObject, isPluginName, isSecretProvider, isStore, isXComPart } from "./plugin-kinds.ts";
import { isSecretName, mask, masked } from "./secrets.ts";

const refusedKeys = new Set(["__proto__", "constructor", "prototype"]);

function isOptions(value: unknown): value is PluginOptions {
  return isObject(value) && !Array.isArray(value) && !isLive(value);
}

function isLive(value: unknown): boolean {
  return isStore(value) || isXComPart(value) || isEngineService(value) || isSecretProvider(value);
}

function isReference(value: unknown): value is PluginReference {
  return (
    isPluginName(value) || (Array.isArray(value) && value.length === 2 && isPluginName(value[0]) && isOptions(value[1]))
  );
}

function isDuration(value: unknown): boolean {
  try {
    parseDuration(value as DurationInput);
    return true;
  } catch {
    return false;
  }
}

function isConnection(value: unknown): boolean {
  try {
    parseConnection("it", value, (why) => new Error(why));
    return true;
  } catch {
    return false;
  }
}

function isRetention(value: unknown): boolean {
  try {
    parseRetention(value as RetentionOptions | false);
    return true;
  } catch {
    return false;
  }
}

const path = z
  .string()
  .min(1)
  .refine((value) => !value.includes("\0"));
const part = z.custom<PluginReference | XComBackendPart>((value) => isReference(value) || isXComPart(value));

const schema = z.strictObject({
  dags: path.optional(),
  home: path.optional(),
  store: z.custom<PluginReference | Store>((value) => isReference(value) || isStore(value)).optional(),
  xcom: z
    .strictObject({
      backend: z.array(part).optional(),
      parts: z.record(z.string().refine(isPluginName), z.custom<PluginOptions>(isOptions)).optional(),
      maxValueBytes: z.int().min(1).optional(),
      timeout: z.custom<DurationInput>(isDuration).optional(),
    })
    .optional(),
  services: z
    .array(z.custom<PluginReference | LiveService>((value) => isReference(value) || isEngineService(value)))
    .optional(),
  secrets: z
    .strictObject({
      file: path.optional(),
      providers: z
        .array(z.custom<PluginReference | SecretProvider>((value) => isReference(value) || isSecretProvider(value)))
        .optional(),
      ttl: z.custom<DurationInput>(isDuration).optional(),
      timeout: z.custom<DurationInput>(isDuration).optional(),
    })
    .optional(),
  connections: z.record(z.string().refine(isSecretKey), z.custom<ConnectionInput>(isConnection)).optional(),
  pools: z.record(z.string().refine(isPoolName), z.int().min(1).max(1_000_000)).optional(),
  concurrency: z.int().min(1).max(100_000).optional(),
  threads: z
    .strictObject({
      max: z.int().min(1).max(10_000).optional(),
      maxMemoryMb: z.int().min(16).optional(),
      env: z.array(z.string().min(1)).optional(),
    })
    .optional(),
  killGrace: z.custom<DurationInput>(isDuration).optional(),
  retention: z.custom<RetentionOptions | false>(isRetention).optional(),
  maxCrashes: z.int().min(1).optional(),
});

/** What is expected at a setting, in words. A `*` stands for any one step of a path. */
const expectations: readonly (readonly [path: string, expected: string])[] = [
  ["", "an object of settings is expected: export default defineConfig({ … })"],
  ["dags", "the path of a folder is expected"],
  ["home", "the path of a folder is expected"],
  ["store", "a package name, a pair [name, options] or a live store is expected"],
  ["xcom", "an object with backend, parts, maxValueBytes or timeout is expected"],
  ["xcom.backend", "a package name, a live part or a list of these is expected"],
  ["xcom.backend.*", "a package name, a pair [name, options] or a live part is expected"],
  ["xcom.parts", "an object of options by package name is expected"],
  ["xcom.parts.*", "an object of options under a package name is expected"],
  ["xcom.maxValueBytes", "a whole number of bytes from 1 up is expected"],
  ["xcom.timeout", "a duration such as '10m' is expected"],
  ["services", "a list of services is expected"],
  ["services.*", "a package name, a pair [name, options] or a live service is expected"],
  ["secrets", "an object with file, providers, ttl or timeout is expected"],
  ["secrets.file", "the path of a file is expected"],
  ["secrets.providers", "a list of providers is expected"],
  ["secrets.providers.*", "a package name, a pair [name, options] or a live provider is expected"],
  ["secrets.ttl", "a duration such as '5m' is expected"],
  ["secrets.timeout", "a duration such as '10s' is expected"],
  ["connections", "an object of connections by name is expected"],
  [
    "connections.*",
    "a URL such as 'https://api.local' or an object with a type is expected, under a name of small letters and digits with one _, -, . or / between them",
  ],
  ["pools", "an object of slots by pool is expected"],
  ["pools.*", "a whole number of slots from 1 up under a pool's name is expected"],
  ["concurrency", "a whole number from 1 to 100000 is expected"],
  ["threads", "an object with max, maxMemoryMb or env is expected"],
  ["threads.max", "a whole number from 1 to 10000 is expected"],
  ["threads.maxMemoryMb", "a whole number of megabytes from 16 up is expected"],
  ["threads.env", "a list of names of variables is expected"],
  ["threads.env.*", "the name of a variable is expected"],
  ["killGrace", "a duration such as '5s' is expected"],
  [
    "retention",
    "false or an object is expected: runs and dags.<id> with olderThan and keep, logs and events with olderThan; each may be false",
  ],
  ["maxCrashes", "a whole number from 1 up is expected"],
];

/** Names of all settings, for suggestions, documentation and `config explain`. */
export const settingNames = [
  "dags",
  "home",
  "store",
  "xcom.backend",
  "xcom.parts",
  "xcom.maxValueBytes",
  "xcom.timeout",
  "services",
  "secrets.file",
  "secrets.providers",
  "secrets.ttl",
  "secrets.timeout",
  "connections",
  "pools",
  "concurrency",
  "threads.max",
  "threads.maxMemoryMb",
  "threads.env",
  "killGrace",
  "retention",
  "maxCrashes",
] as const;

/** Checked settings: `xcom.backend` is a list. */
export type Settings = Omit<MillraceConfig, "xcom"> & {
  readonly xcom?: {
    readonly backend?: readonly (PluginReference | XComBackendPart)[];
    readonly parts?: Readonly<Record<string, PluginOptions>>;
    readonly maxValueBytes?: number;
    readonly timeout?: DurationInput;
  };
};

export interface ParsedSettings {
  readonly settings: Settings;
  readonly mistakes: readonly MillraceError[];
}

/**
 * Checks settings and lists every mistake with its path and the value seen.
 *
 * @param sourceOf - names the place that a setting came from, if that is not the file
 */
export function parseSettings(
  given: unknown,
  sourceOf: (setting: string) => string | undefined = () => undefined,
): ParsedSettings {
  try {
    return parse(given, sourceOf);
  } catch (error) {
    // A getter, say; what it threw may hold anything.
    if (isMillraceError(error)) return { settings: {}, mistakes: [error] };
    const expected = "settings that can be read are expected: something in it throws";
    const mistake = coreError("SETTING_INVALID", { setting: "The default export", value: shown(given), expected });
    return { settings: {}, mistakes: [mistake] };
  }
}

function parse(given: unknown, sourceOf: (setting: string) => string | undefined): ParsedSettings {
  // A promise or a map has no keys that would be missed.
  if (isObject(given) && !Array.isArray(given) && !isPlainRecord(given))
    throw coreError("SETTING_INVALID", {
      setting: "The default export",
      value: shown(given),
      expected: expectations[0][1],
    });
  const raw = withBackendList(given);
  const refused = findRefusedKeys(raw, [], { found: [], seen: new Set() });
  if (refused.length > 0) return { settings: {}, mistakes: refused };
  const parsed = schema.safeParse(raw, { reportInput: true });
  if (parsed.success) return { settings: parsed.data as Settings, mistakes: [] };
  return { settings: {}, mistakes: parsed.error.issues.flatMap((issue) => mistakesOf(issue, raw, sourceOf)) };
}

function mistakesOf(
  issue: z.core.$ZodIssue,
  raw: unknown,
  sourceOf: (setting: string) => string | undefined,
): MillraceError[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const names = settingNames
        .map((name) => name.split("."))
        .filter((steps) => steps.length > issue.path.length && issue.path.every((step, at) => steps[at] === step));
      const known = [...new Set(names.map((steps) => steps[issue.path.length]))].join(", ");
      return coreError("SETTING_UNKNOWN", { setting: shown([...issue.path, key].join(".")).slice(1, -1), known });
    });
  }
  const steps = issue.path.map(String);
  const setting = steps.join(".");
  const expected = expectations.find(([pattern]) => fits(pattern, steps))?.[1] ?? "something else is expected";
  const seen = valueAt(raw, issue.path);
  const [first, ...inner] = steps;
  const isSecret =
    inner.some(isSecretName) || first === "connections" || (first !== "secrets" && isSecretName(first ?? ""));
  const value = isSecret ? mask : typeof seen === "string" ? shown(masked(seen)) : shown(seen);
  const source = sourceOf(setting) ?? sourceOf(steps.slice(0, 2).join(".")) ?? sourceOf(steps[0] ?? "");
  const subject = source ?? shown(setting).slice(1, -1);
  return [coreError("SETTING_INVALID", { setting: subject || "The default export", value, expected })];
}

function fits(pattern: string, steps: readonly string[]): boolean {
  const wanted = pattern === "" ? [] : pattern.split(".");
  return wanted.length === steps.length && wanted.every((step, at) => step === "*" || step === steps[at]);
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      isObject(value) && Object.hasOwn(value, step) ? (value as Record<PropertyKey, unknown>)[step] : undefined,
    raw,
  );
}

/** A single backend stands for a list of one. */
function withBackendList(raw: unknown): unknown {
  if (!isObject(raw) || !isObject(raw.xcom) || raw.xcom.backend === undefined || Array.isArray(raw.xcom.backend))
    return raw;
  return { ...raw, xcom: { ...raw.xcom, backend: [raw.xcom.backend] } };
}

/** Keys that could reach into every object of the process. */
function findRefusedKeys(
  value: unknown,
  path: readonly string[],
  search: { readonly found: MillraceError[]; readonly seen: Set<object> },
): MillraceError[] {
  const { found, seen } = search;
  if (!isObject(value) || seen.has(value) || path.length > 12 || isLive(value)) return found;
  seen.add(value);
  for (const key of Object.keys(value)) {
    const at = [...path, key];
    if (refusedKeys.has(key))
      found.push(coreError("SETTING_KEY_REFUSED", { setting: shown(at.join(".")).slice(1, -1) }));
    else findRefusedKeys(value[key], at, search);
  }
  return found;
}
