import { registerHooks, setSourceMapsSupport } from "node:module";
import { pathToFileURL } from "node:url";
import type { ModuleExports } from "../import-file.ts";
import type { Bundle } from "./bundle-folder.ts";
import { importFromPrefix } from "./bundle-text.ts";

/** Makes a module's address one of a bundle: the address of its DAG file, so that its imports are found from there. */
const query = "?millrace-bundle=";

/** Code of the bundles that are being loaded, by address. */
const coming = new Map<string, string>();

/** How often a bundle's code has failed here. Node would give the same failure for ever, whatever has been mended since. */
const failures = new Map<string, number>();

let isInstalled = false;

/**
 * Lets this thread load bundles, and has stack traces name the files that people wrote. Each thread needs it once;
 * calling it again does nothing.
 */
export function installBundleHooks(): void {
  if (isInstalled) return;
  isInstalled = true;
  setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier.startsWith("file:") && specifier.includes(query))
        return { url: specifier, format: "module", shortCircuit: true };
      if (!specifier.startsWith(importFromPrefix)) return next(specifier, context);
      const { from, wanted } = importFrom(specifier);
      const parentURL = new URL(from, context.parentURL).href;
      return next(wanted, { ...context, parentURL });
    },
    load(url, context, next) {
      const source = coming.get(url);
      return source === undefined ? next(url, context) : { format: "module", source, shortCircuit: true };
    },
  });
}

/**
 * Runs a bundle's code, the first time, and gives its exports. The same bundle is the same module whenever it is asked for;
 * one that failed is tried again.
 */
export async function importBundle({ hash, path, text }: Bundle): Promise<ModuleExports> {
  installBundleHooks();
  const address = `${pathToFileURL(path).href}${query}${hash}`;
  const failed = failures.get(address) ?? 0;
  const url = failed === 0 ? address : `${address}&again=${failed}`;
  coming.set(url, text);
  try {
    return (await import(url)) as ModuleExports;
  } catch (error) {
    failures.set(address, failed + 1);
    throw error;
  } finally {
    coming.delete(url);
  }
}

/** Makes the name of a package one that is looked for from the file at `from`, a relative URL, and not from the bundle's own. */
export function importNamedFrom(from: string, wanted: string): string {
  return `${importFromPrefix}${encodeURIComponent(from)}/${wanted}`;
}

/** What {@link importNamedFrom} has put together. */
export function importFrom(specifier: string): { readonly from: string; readonly wanted: string } {
  const slash = specifier.indexOf("/");
  return {
    from: decodeURIComponent(specifier.slice(importFromPrefix.length, slash)),
    wanted: specifier.slice(slash + 1),
  };
}
