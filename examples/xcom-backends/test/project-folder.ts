import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const example = fileURLToPath(new URL("..", import.meta.url));

const dagFile = `
import { dag } from "@millrace/core";

export default dag("keep_values", {}, (d) => {
  d.task("make", async ({ xcom }) => {
    await xcom.push("config", { region: "eu", retries: 3 });
    await xcom.push("rows", Array.from({ length: 2_000 }, (_, id) => ({ id, city: "Kassel" })));
    await xcom.push("secret", { password: "kept by nobody" });
    await xcom.push("noise", new Uint8Array(5_000).map((_, at) => (at * at * 7919) % 251));
  });
});
`;

/** What `make` of the DAG pushes, in the order in which it is read back. */
export const keptValues = [
  { region: "eu", retries: 3 },
  Array.from({ length: 2_000 }, (_, id) => ({ id, city: "Kassel" })),
  { password: "kept by nobody" },
  Object.fromEntries([...new Uint8Array(5_000).map((_, at) => (at * at * 7919) % 251)].entries()),
];

/** What a process of the project has answered. */
export type Answer = Readonly<Record<string, unknown>>;

/** A project as a user has one: a config file, a DAG, packages; and processes that are started in it. */
export class ProjectFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "xcom-project-"));
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
    mkdirSync(join(this.path, "dags"));
    writeFileSync(join(this.path, "dags", "keep-values.ts"), dagFile);
    writeFileSync(join(this.path, "package.json"), '{ "type": "module" }');
    symlinkSync(join(example, "node_modules"), join(this.path, "node_modules"), "junction");
  }

  /** Writes the config file anew. */
  configure(xcom: string): void {
    const text = `import { defineConfig } from "@millrace/core";\n\nexport default defineConfig({ xcom: ${xcom} });\n`;
    writeFileSync(join(this.path, "millrace.config.ts"), text);
  }

  /** Runs the DAG under this id in a new process, which must go well. */
  async write(runId: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const answer = await this.#start(["write", runId], env);
    if (answer.state !== "success") throw new Error(`Run ${runId} did not succeed: ${JSON.stringify(answer)}`);
  }

  /** Reads what these runs have kept in a new process: `{ values }` for each, or the error that said why not. */
  async read(runIds: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<readonly Answer[]> {
    const { answers } = await this.#start(["read", ...runIds], env);
    return answers as readonly Answer[];
  }

  #start(args: readonly string[], more: Readonly<Record<string, string>>): Promise<Answer> {
    const program = join(example, "test", "keep-values.ts");
    const env = { PATH: process.env.PATH, NODE_NO_WARNINGS: "1", ...this.#env, ...more };
    return new Promise((resolve, reject) => {
      execFile(
        process.execPath,
        ["--conditions=millrace-source", program, ...args],
        { cwd: this.path, env, maxBuffer: 16_777_216 },
        (error, stdout, stderr) => {
          const line = stdout.trim().split("\n").at(-1) ?? "";
          if (error || !line.startsWith("{")) reject(new Error(`${error?.message}\n${stdout}\n${stderr}`));
          else resolve(JSON.parse(line) as Answer);
        },
      );
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
