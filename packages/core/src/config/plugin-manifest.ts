import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { EngineService } from "../engine/service.ts";
import type { MillraceError } from "../errors.ts";
import type { SecretProvider } from "../secrets/provider.ts";
import type { Store } from "../store/contract.ts";
import type { XComChooser, XComPlace, XComStage } from "../xcom/parts.ts";

/** The version of this contract; a manifest names the one it was written for. */
export const pluginContractVersion = 1;

const brand = Symbol.for("millrace.plugin");

/** Where a plug-in stands: what its relative paths and its defaults count from. Paths are absolute. */
export interface PluginContext {
  /** The folder for what Millrace keeps (`MILLRACE_HOME`, default `.millrace` beside the config). */
  readonly home: string;
  /** The folder of the config file: relative paths in options count from here. */
  readonly baseDir: string;
  /** The environment that the config was read with. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One environment variable that sets an option, before the config file does. */
export interface PluginEnvKey {
  /** For example `MILLRACE_XCOM_FILE_DIR`. */
  readonly key: string;
  /** The option that it sets. */
  readonly option: string;
  /** What it means, in a few words for `config explain` and the documentation. */
  readonly says: string;
  /** Its value is never shown. */
  readonly secret?: boolean;
  /** Makes the option's value of the text; default: the text itself. What it throws is reported with the key's name. */
  readonly parse?: (text: string) => unknown;
}

interface ManifestBase<Options> {
  /** The name of the package, for example `@millrace/xcom-gzip`. */
  readonly name: string;
  readonly contractVersion: typeof pluginContractVersion;
  /** Checks and completes what the config gives (an empty object if it gives nothing). */
  readonly options: StandardSchemaV1<unknown, Options>;
  readonly env?: readonly PluginEnvKey[];
  /** Options whose values are never shown. */
  readonly secretOptions?: readonly string[];
}

/** What a look at a store from outside found. It changes nothing. */
export interface StoreInspection {
  /** For people: a path, or an address without its password. */
  readonly location: string;
  /** The file, where the store is one: its permissions are looked at. */
  readonly path?: string;
  readonly exists: boolean;
  /** Numbers of the schema that is there (`null` for none) and of the one that this package knows. */
  readonly schema: { readonly found: number | null; readonly known: number };
  readonly sizeBytes?: number;
  /** What is wrong with it, each with its code and cure: corrupt, newer, not readable. A schema to be migrated is none. */
  readonly problems: readonly MillraceError[];
}

/** What a migration did. */
export interface StoreMigration {
  readonly location: string;
  readonly from: number | null;
  readonly to: number;
}

/** What a backup made. */
export interface StoreBackup {
  /** Where the copy is. */
  readonly location: string;
  readonly sizeBytes: number;
}

/** What making a store smaller did. */
export interface StoreVacuum {
  readonly location: string;
  readonly sizeBeforeBytes: number;
  readonly sizeBytes: number;
}

export interface StoreManifest<Options = unknown> extends ManifestBase<Options> {
  readonly kind: "store";
  create(options: Options, context: PluginContext): Store;
  /** `deep` also reads the whole store for damage. Throws only where not even a look is possible. */
  inspect?(options: Options, context: PluginContext, depth: { readonly deep: boolean }): Promise<StoreInspection>;
  /** Brings the schema up to date, or makes it. Refuses with `STORE_LOCKED` while an engine works on it. */
  migrate?(options: Options, context: PluginContext): Promise<StoreMigration>;
  /** Copies the store to a file, as it is at one moment, while an engine may work on it. Writes over nothing. */
  backup?(options: Options, context: PluginContext, to: string): Promise<StoreBackup>;
  /** Gives back the room of what was removed. Refuses with `STORE_LOCKED` while an engine works on it. */
  vacuum?(options: Options, context: PluginContext): Promise<StoreVacuum>;
}

export interface XComStageManifest<Options = unknown> extends ManifestBase<Options> {
  readonly kind: "xcom-stage";
  /** The marker of the envelopes that its parts write, for example `_xcom_compressed`. */
  readonly marker: string;
  create(options: Options, context: PluginContext): XComStage;
}

export interface XComPlaceManifest<Options = unknown> extends ManifestBase<Options> {
  readonly kind: "xcom-place";
  readonly marker: string;
  create(options: Options, context: PluginContext): XComPlace;
}

export interface XComChooserManifest<Options = unknown> extends ManifestBase<Options> {
  readonly kind: "xcom-chooser";
  readonly marker: string;
  create(options: Options, context: PluginContext): XComChooser;
}

export interface ServiceManifest<Options = unknown> extends ManifestBase<Options> {
  readonly kind: "service";
  /** Makes a service that lives beside the scheduler of `millrace start`. Nothing is opened before its `start`. */
  create(options: Options, context: PluginContext): EngineService;
}

export interface SecretsManifest<Options = unknown> extends ManifestBase<Options> {
  readonly kind: "secrets";
  /** Makes a provider of secrets and connections. Nothing is opened before it is asked. */
  create(options: Options, context: PluginContext): SecretProvider;
}

/** What a plug-in package exports as `manifest`, made by {@link definePlugin}. */
export type PluginManifest<Options = unknown> =
  | StoreManifest<Options>
  | XComStageManifest<Options>
  | XComPlaceManifest<Options>
  | XComChooserManifest<Options>
  | ServiceManifest<Options>
  | SecretsManifest<Options>;

export type PluginKind = PluginManifest["kind"];

/**
 * Makes the manifest of a plug-in package, which exports it under the name `manifest`. By it the package can be named
 * in a config file: Millrace checks the options against its schema, applies its environment variables, and calls `create`.
 *
 * @example
 * ```ts
 * import { definePlugin, type XComStage } from "@millrace/core/plugin";
 * import { z } from "zod";
 *
 * const reverse = (): XComStage => ({
 *   kind: "stage", name: "reverse", marker: "_xcom_reversed", bytesField: "data", effect: "other",
 *   write: async (bytes) => ({ envelope: { _xcom_reversed: true }, bytes: bytes.toReversed() }),
 *   read: async (bytes) => bytes.toReversed(),
 * });
 *
 * export const manifest = definePlugin({
 *   kind: "xcom-stage", name: "xcom-reverse", contractVersion: 1, marker: "_xcom_reversed",
 *   options: z.strictObject({}),
 *   create: () => reverse(),
 * });
 * console.log(manifest.name); // xcom-reverse
 * ```
 */
export function definePlugin<Options>(manifest: StoreManifest<Options>): StoreManifest<Options>;
export function definePlugin<Options>(manifest: XComStageManifest<Options>): XComStageManifest<Options>;
export function definePlugin<Options>(manifest: XComPlaceManifest<Options>): XComPlaceManifest<Options>;
export function definePlugin<Options>(manifest: XComChooserManifest<Options>): XComChooserManifest<Options>;
export function definePlugin<Options>(manifest: ServiceManifest<Options>): ServiceManifest<Options>;
export function definePlugin<Options>(manifest: SecretsManifest<Options>): SecretsManifest<Options>;
export function definePlugin<Options>(manifest: PluginManifest<Options>): PluginManifest<Options> {
  const branded = { ...manifest };
  Object.defineProperty(branded, brand, { value: true });
  return Object.freeze(branded);
}

/** True for what `definePlugin` of any copy of this package made. */
export function isPluginManifest(value: unknown): value is PluginManifest {
  return typeof value === "object" && value !== null && brand in value;
}
