import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { isMillraceError, type MillraceError } from "@millrace/core/plugin";
import { AtomicFile } from "../files/atomic-file.ts";
import type { FileTree } from "../files/file-tree.ts";
import type { FileOptions } from "./options.ts";

/**
 * Writes a byte where values will be written and removes it, and answers what a person should know.
 *
 * @throws what writing a value would throw
 */
export async function lookOver(
  { dir, alsoRead, checksum: algorithm }: Required<FileOptions>,
  treeOf: (path: string, create?: boolean) => Promise<FileTree>,
): Promise<readonly string[]> {
  const tree = await treeOf(dir, true);
  const trial = await AtomicFile.create({
    tree,
    folders: [],
    name: `trial-${randomBytes(8).toString("hex")}`,
    algorithm,
  });
  try {
    await trial.write(Uint8Array.of(0));
  } finally {
    await trial.discard();
  }
  const notes: string[] = [];
  const { mode } = await stat(tree.real);
  if ((mode & 0o077) !== 0)
    notes.push(
      `The folder of XComs ${tree.given} is open to other users (mode ${(mode & 0o777).toString(8)}); 'chmod 700' keeps them out.`,
    );
  for (const path of alsoRead) {
    const problem = await treeOf(path).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (problem === undefined) continue;
    if (!isMillraceError(problem)) throw problem;
    notes.push(`XComs cannot be read from ${path}: ${(problem as MillraceError).message}.`);
  }
  return notes;
}
