import { coreError, isMillraceError, type MillraceError, messageOf, shown } from "../errors.ts";
import type { PluginOptions } from "./define-config.ts";
import type { LoadedConfig, Origin } from "./load-config.ts";
import type { PluginContext, PluginManifest } from "./plugin-manifest.ts";
import { isSecretName, mask, masked } from "./secrets.ts";

/** A plug-in with its options, checked, and where each of them came from. */
export interface PreparedPlugin {
  readonly name: string;
  readonly manifest: PluginManifest;
  readonly options: unknown;
  /** By option. An option that is not named here has its default. */
  readonly origins: ReadonlyMap<string, Origin>;
}

/**
 * Puts a plug-in's options together, environment before file, and checks them by its own schema.
 *
 * @throws `PLUGIN_OPTIONS_INVALID`, which lists every mistake with the value seen, secrets masked
 */
export async function preparePlugin(
  name: string,
  manifest: PluginManifest,
  given: PluginOptions,
  env: LoadedConfig["env"],
): Promise<PreparedPlugin> {
  const options: Record<string, unknown> = { ...given };
  const origins = new Map<string, Origin>(Object.keys(given).map((option) => [option, { source: "file" }]));
  const mistakes: string[] = [];
  for (const { key, option, parse } of manifest.env ?? []) {
    const text = env[key];
    if (text === undefined || text === "") continue;
    try {
      options[option] = parse ? parse(text) : text;
    } catch (error) {
      mistakes.push(`${key}: ${messageOf(error)}`);
    }
    origins.set(option, { source: "env", name: key });
  }
  const checked = await manifest.options["~standard"].validate(options);
  for (const issue of checked.issues ?? []) {
    const path = (issue.path ?? []).map((step) => String(typeof step === "object" ? step.key : step));
    const origin = origins.get(path[0]);
    const subject = origin?.name ?? (path.join(".") || "the options");
    mistakes.push(`${subject}: ${issue.message}${path.length > 0 ? ` (it is ${seen(options, path, manifest)})` : ""}`);
  }
  if (mistakes.length > 0 || checked.issues) {
    throw coreError("PLUGIN_OPTIONS_INVALID", { name, list: mistakes.map((mistake) => `  - ${mistake}`).join("\n") });
  }
  return { name, manifest, options: checked.value, origins };
}

/** True for options that are never shown. */
export function isSecretOption(manifest: PluginManifest, option: string): boolean {
  if (isSecretName(option) || manifest.secretOptions?.includes(option)) return true;
  return manifest.env?.some((key) => key.option === option && key.secret) ?? false;
}

/** Calls `create` of a plug-in: what it throws becomes a coded error. */
export function createPlugin<T>(plugin: PreparedPlugin, context: PluginContext): T {
  try {
    return plugin.manifest.create(plugin.options, context) as T;
  } catch (error) {
    // A plug-in that says what is wrong, and how to mend it, says it best.
    throw isMillraceError(error) ? error : failed(plugin.name, error);
  }
}

function failed(name: string, error: unknown): MillraceError {
  return coreError("PLUGIN_FAILED", { name, why: messageOf(error) }, { cause: error });
}

function seen(options: unknown, path: readonly string[], manifest: PluginManifest): string {
  if (isSecretOption(manifest, path[0]) || path.some(isSecretName)) return mask;
  let value = options;
  for (const step of path) {
    value =
      typeof value === "object" && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string, unknown>)[step]
        : undefined;
  }
  return shown(masked(value));
}
