import { dirname, resolve } from "node:path";
import type { BuildFailure, BuildOptions, Message, Metafile } from "esbuild";
import { coreError, isMillraceError, type MillraceError, messageOf } from "../../errors.ts";
import type { SourcePlace } from "../dag-file-error.ts";
import { type Bundle, bundleOfText, headFor } from "./bundle-folder.ts";
import { bundlePlugin, type ReadInputs } from "./bundle-plugin.ts";
import { metaName, mostBundleBytes } from "./bundle-text.ts";
import { withEsbuild } from "./esbuild-service.ts";

/** A bundle that was just made, and what it was made of. */
export interface BuiltBundle {
  readonly bundle: Bundle;
  /** Hashes of the local files, by absolute path. */
  readonly files: ReadonlyMap<string, string>;
  readonly metafile: Metafile;
}

const options = {
  bundle: true,
  write: false,
  metafile: true,
  format: "esm",
  platform: "node",
  target: "node24",
  // What is installed is no part of a DAG: packages are found when the bundle is loaded.
  packages: "external",
  sourcemap: "inline",
  sourcesContent: false,
  charset: "utf8",
  logLevel: "silent",
  legalComments: "none",
  define: { "import.meta": metaName },
} as const satisfies BuildOptions;

/**
 * Makes one module of a DAG file and the local files that it imports.
 *
 * @param path real path of the file
 * @throws `DAG_FILE_FAILED`, `DAG_FILE_IMPORT_MISSING`, `DAG_FILE_TOO_LARGE`, `BUNDLER_FAILED`
 */
export async function buildBundle(home: string, path: string): Promise<BuiltBundle> {
  const files: ReadInputs = new Map();
  const folder = dirname(path);
  const result = await withEsbuild((esbuild) =>
    esbuild
      .build({
        ...options,
        entryPoints: [path],
        absWorkingDir: folder,
        outdir: folder,
        banner: { js: headFor(home, path) },
        plugins: [bundlePlugin(path, files)],
      })
      .catch((error: unknown) => {
        throw isBuildFailure(error)
          ? buildError(path, error.errors)
          : coreError("BUNDLER_FAILED", { why: messageOf(error) }, { cause: error });
      }),
  );
  const { text } = result.outputFiles[0];
  if (text.length > mostBundleBytes)
    throw coreError("DAG_FILE_TOO_LARGE", { path, what: `${text.length} bytes bundled`, limit: mostBundleBytes });
  return { bundle: bundleOfText(home, text), files, metafile: result.metafile };
}

/** Where a file could not be read as code. */
const places = new WeakMap<Error, SourcePlace>();

/** The place of a mistake that the bundler has found in the DAG file itself. */
export function placeOfBuildError(error: Error): SourcePlace | undefined {
  return places.get(error);
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error;
}

function buildError(path: string, messages: readonly Message[]): MillraceError {
  const first = messages.find(({ detail }) => isMillraceError(detail)) ?? messages[0];
  const error = isMillraceError(first.detail) ? first.detail : mistakeError(path, first);
  const { location } = first;
  if (location && resolve(dirname(path), location.file) === path)
    places.set(error, { line: location.line, column: location.column + 1 });
  return error;
}

function mistakeError(path: string, { text, location }: Message): MillraceError {
  const file = location ? resolve(dirname(path), location.file) : path;
  const missing = /^Could not resolve "([^"]+)"/.exec(text);
  if (missing) return coreError("DAG_FILE_IMPORT_MISSING", { path: file, specifier: missing[1] });
  const why = file === path ? text : `${file}:${location?.line}:${(location?.column ?? 0) + 1}: ${text}`;
  return coreError("DAG_FILE_FAILED", { path, why });
}
