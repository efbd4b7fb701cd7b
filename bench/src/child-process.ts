import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What a child process printed, and how long it lived. Rejects when it fails. */
export function runNode(
  args: readonly string[],
  options: { readonly cwd?: string } = {},
): Promise<{ readonly output: string; readonly wallMs: number }> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(process.execPath, args, { cwd: options.cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve({ output, wallMs: performance.now() - started });
      else reject(new Error(`node ${args.join(" ")} ended with ${code}: ${errors || output}`));
    });
  });
}

/** Runs a module that stands beside this one, with the same flags; its last line of output is JSON. */
export async function runBeside<T>(file: string, ...args: readonly string[]): Promise<T> {
  const { output } = await runNode([...process.execArgv, fileURLToPath(new URL(file, import.meta.url)), ...args]);
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as T;
}
