import { coreError, messageOf } from "../../errors.ts";

type Esbuild = typeof import("esbuild");

let users = 0;

/**
 * Works with esbuild, which is loaded and started only when something has to be bundled, and stopped with its last user:
 * it is a process of its own.
 *
 * @throws `BUNDLER_FAILED` if it is not there or cannot be started
 */
export async function withEsbuild<T>(work: (esbuild: Esbuild) => Promise<T>): Promise<T> {
  let esbuild: Esbuild;
  try {
    esbuild = await import("esbuild");
  } catch (error) {
    throw coreError("BUNDLER_FAILED", { why: messageOf(error) }, { cause: error });
  }
  users += 1;
  try {
    return await work(esbuild);
  } finally {
    users -= 1;
    if (users === 0) await esbuild.stop();
  }
}
