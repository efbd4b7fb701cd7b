import { lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "@millrace/core/plugin";
import { cliError } from "../errors.ts";
import type { TemplateFiles } from "./basic-template.ts";

export interface WrittenProject {
  readonly created: readonly string[];
  /** Files that were there already; they are as they were. */
  readonly kept: readonly string[];
}

/**
 * Writes the files of a project that are not there yet. Nothing is written over.
 *
 * @throws `FILE_EXISTS` if a file stands where a folder is needed; `FILE_NOT_WRITTEN`
 */
export function writeProject(folder: string, files: TemplateFiles): WrittenProject {
  const created: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    try {
      mkdirSync(dirname(path), { recursive: true });
      if (lstatSync(path, { throwIfNoEntry: false })) {
        kept.push(name);
        continue;
      }
      writeFileSync(path, text, { flag: "wx" });
      created.push(name);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST" || code === "ENOTDIR")
        throw cliError("FILE_EXISTS", { path: dirname(path) }, { cause: error });
      throw cliError("FILE_NOT_WRITTEN", { path, why: messageOf(error) }, { cause: error });
    }
  }
  return { created, kept };
}
