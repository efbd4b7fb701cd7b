import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { projectFile } from "../project-files.ts";

/** An empty folder, on the disk of the project unless told otherwise, that is removed when the work is done. */
export async function workFolder(base: string | undefined): Promise<AsyncDisposable & { readonly path: string }> {
  const parent = base ?? projectFile(".millrace", "comparison");
  await mkdir(parent, { recursive: true });
  const path = await mkdtemp(join(parent, "work-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
