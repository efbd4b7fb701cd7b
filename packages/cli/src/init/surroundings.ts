import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { messageOf } from "@millrace/core/plugin";
import { cliError } from "../errors.ts";

/** What is there already where a project is to be made. */
export interface Surroundings {
  readonly folder: string;
  /** Files and folders that a new project could be taken for an addition to. */
  readonly content: readonly string[];
  /** Its `package.json`; `undefined` if there is none. */
  readonly manifest: Readonly<Record<string, unknown>> | undefined;
  readonly packageManager: "npm" | "pnpm";
  /** The pnpm workspace around the folder. */
  readonly workspace: string | undefined;
}

/** These say nothing about whose folder it is. */
const harmless =
  /^(?:\.git|\.gitignore|\.gitattributes|\.editorconfig|\.idea|\.vscode|\.DS_Store|readme.*|licen[cs]e.*)$/i;

/**
 * Looks at the folder of a new project, which need not be there.
 *
 * @throws `FILE_EXISTS` if it is a file; `FILE_NOT_READ` if its package.json cannot be read
 */
export function lookAround(folder: string, env: Readonly<Record<string, string | undefined>>): Surroundings {
  const workspace = workspaceAround(folder);
  const has = (name: string): boolean => existsSync(join(folder, name));
  const usesPnpm =
    workspace !== undefined ||
    has("pnpm-lock.yaml") ||
    (!has("package-lock.json") && (env.npm_config_user_agent ?? "").startsWith("pnpm/"));
  return {
    folder,
    content: contentOf(folder).filter((name) => !harmless.test(name)),
    manifest: manifestOf(folder),
    packageManager: usesPnpm ? "pnpm" : "npm",
    workspace,
  };
}

/** A name for the package that npm accepts, as much like the folder's as can be. */
export function packageNameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9._~-]+/g, "-")
    .replace(/^[._~-]+|-+$/g, "")
    .slice(0, 200);
  // npm keeps the first two for itself, and a package cannot depend on one of its own name.
  const isTaken = /^(?:node_modules|favicon\.ico|millrace|zod|typescript)$/.test(name);
  return name === "" ? "millrace-project" : isTaken ? `${name}-project` : name;
}

function contentOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    if (code === "ENOTDIR") throw cliError("FILE_EXISTS", { path: folder }, { cause: error });
    throw cliError("FILE_NOT_READ", { path: folder, why: messageOf(error) }, { cause: error });
  }
}

function manifestOf(folder: string): Readonly<Record<string, unknown>> | undefined {
  const path = join(folder, "package.json");
  if (!existsSync(path)) return undefined;
  try {
    const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof manifest === "object" && manifest !== null) return manifest as Record<string, unknown>;
    throw new Error("it is not a JSON object");
  } catch (error) {
    throw cliError("FILE_NOT_READ", { path, why: messageOf(error) }, { cause: error });
  }
}

/** The nearest folder above with a `pnpm-workspace.yaml`: pnpm installs that one, whatever stands below. */
function workspaceAround(folder: string): string | undefined {
  for (let inner = folder, outer = dirname(folder); outer !== inner; inner = outer, outer = dirname(outer)) {
    if (existsSync(join(outer, "pnpm-workspace.yaml"))) return outer;
  }
  return undefined;
}
