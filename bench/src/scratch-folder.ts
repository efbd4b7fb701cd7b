import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Runs something with an empty folder on the workspace's disk (a temporary folder may be in memory), and removes it. */
export async function withScratchFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const parent = join(import.meta.dirname, "..", ".artifacts");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "bench-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
