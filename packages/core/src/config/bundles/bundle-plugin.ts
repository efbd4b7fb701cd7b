import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, extname, relative, sep } from "node:path";
import type { Loader, OnLoadResult, Plugin, PluginBuild } from "esbuild";
import { coreError, type MillraceError } from "../../errors.ts";
import { hashOf, metaFunction, metaName } from "./bundle-text.ts";
import { importFrom, importNamedFrom } from "./module-hooks.ts";

/** Most local files that one DAG file may import, directly or by others. */
const mostInputs = 1_000;
/** Greatest size of one of them. */
export const mostInputBytes = 2 * 1024 * 1024;

const metaModule = "millrace:meta";
const requireSpace = "millrace-require";
/** Marks a question of our own to the bundler. */
const asked = "asked";
const code = new Set([".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"]);

/** What the bundler has read: hashes of contents by absolute path. */
export type ReadInputs = Map<string, string>;

/**
 * Reads every local file once, within limits, notes its hash, and lets each keep what it knows about itself:
 * `import.meta`, `__dirname`, and where its packages are looked for.
 */
export function bundlePlugin(entry: string, inputs: ReadInputs): Plugin {
  const at = (path: string): string =>
    relative(dirname(entry), path).split(sep).map(encodeURIComponent).join("/").replaceAll("%2E", ".");
  return {
    name: "millrace",
    setup(build) {
      build.onResolve({ filter: /^millrace:meta$/ }, ({ importer }) => ({ path: at(importer), namespace: "millrace" }));
      build.onLoad({ filter: /.*/, namespace: "millrace" }, ({ path }) => ({
        contents: `export const ${metaName} = /* @__PURE__ */ ${metaFunction}(${JSON.stringify(path)});`,
      }));
      build.onLoad({ filter: /.*/, namespace: "file" }, ({ path }) => {
        try {
          const text = readInput(entry, path, inputs);
          return contentsOf(path, text);
        } catch (error) {
          return { errors: [{ text: (error as Error).message, detail: error }] };
        }
      });
      keepPackagesOfFiles(build, entry, at);
    },
  };
}

/** A file elsewhere may see other packages than the DAG file does: each import says whose it is. */
function keepPackagesOfFiles(build: PluginBuild, entry: string, at: (path: string) => string): void {
  build.onResolve({ filter: /^[^./]/, namespace: "file" }, async ({ path, importer, kind, resolveDir, pluginData }) => {
    const isRequired = kind === "require-call";
    if (
      importer === "" ||
      pluginData === asked ||
      (kind !== "import-statement" && kind !== "dynamic-import" && !isRequired)
    )
      return undefined;
    if (!isRequired && (importer === entry || isBuiltin(path))) return undefined;
    const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: asked });
    if (!found.external) return undefined;
    return isRequired
      ? { path: importNamedFrom(at(importer), path), namespace: requireSpace }
      : { path: importNamedFrom(at(importer), found.path), external: true };
  });
  // A module has no `require`: what CommonJS asks for is required in its name.
  build.onLoad({ filter: /.*/, namespace: requireSpace }, ({ path }) => {
    const { from, wanted } = importFrom(path);
    const file = `${metaFunction}(${JSON.stringify(from)}).url`;
    return {
      contents: `module.exports = process.getBuiltinModule("node:module").createRequire(${file})(${JSON.stringify(wanted)});`,
    };
  });
}

function readInput(entry: string, path: string, inputs: ReadInputs): string {
  const found = lstatSync(realpathSync(path));
  if (!found.isFile()) throw notRead(entry, path, "it is no ordinary file");
  if (found.size > mostInputBytes)
    throw coreError("DAG_FILE_TOO_LARGE", { path, what: `${found.size} bytes`, limit: mostInputBytes });
  if (inputs.size >= mostInputs)
    throw coreError("DAG_FILE_TOO_LARGE", { path: entry, what: "more files by its imports", limit: mostInputs });
  const bytes = readFileSync(path);
  inputs.set(path, hashOf(bytes));
  return bytes.toString("utf8");
}

function notRead(entry: string, path: string, why: string): MillraceError {
  return coreError("DAG_FILE_FAILED", { path: entry, why: path === entry ? why : `${path} is not read: ${why}` });
}

/** What is added moves no line: errors and stack traces show the places of the file. */
function contentsOf(path: string, text: string): OnLoadResult {
  const loader: Loader = "default";
  if (!code.has(extname(path))) return { contents: text, loader };
  if (/\bimport\s*\.\s*meta\b/.test(text))
    return { contents: `${text}\nimport { ${metaName} } from "${metaModule}";`, loader };
  if (/\b__(?:dirname|filename)\b/.test(text) && !/^\s*(?:import|export)\b/m.test(text))
    return {
      contents: `var { dirname: __dirname, filename: __filename } = require("${metaModule}").${metaName}; ${text}`,
      loader,
    };
  return { contents: text, loader };
}
