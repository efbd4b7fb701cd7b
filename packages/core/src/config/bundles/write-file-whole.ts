import { constants } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemRandomness } from "../../time/random.ts";

/** The process that writes, or wrote, an unfinished file of this name; `undefined` for other names. */
export function writerOf(name: string): number | undefined {
  const found = /^\.\w[\w.]*\.(\d+)-[0-9a-f]{12}\.tmp$/.exec(name);
  return found ? Number(found[1]) : undefined;
}

/** Writes a file so that nobody ever sees half of it: under another name, which then takes the place of the old one. */
export async function writeFileWhole(
  path: string,
  text: string,
  { durable = false }: { readonly durable?: boolean } = {},
): Promise<void> {
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}-${systemRandomness.hex(6)}.tmp`);
  try {
    const file = await open(unfinished, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await file.writeFile(text);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
    if (durable) await syncFolder(dirname(path));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** The name of a file is durable when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
