import { type SpawnOptions, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, vi } from "vitest";
import { main } from "../src/main.ts";
import type { Io } from "../src/terminal/io.ts";

// Every call starts a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const packages = fileURLToPath(new URL("../..", import.meta.url));
const starter = fileURLToPath(new URL("run-source.mjs", import.meta.url));
const folders: string[] = [];
const alive = new Map<number, (signal: NodeJS.Signals) => void>();
afterAll(() => {
  for (const kill of alive.values()) kill("SIGKILL");
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** How a command line ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Standard output as JSON; fails where it is none. */
  json<T = Record<string, unknown>>(): T;
}

export interface Call {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called at once, when the process is there. */
  readonly onStart?: (pid: number, kill: (signal: NodeJS.Signals) => void) => void;
  /** Called with everything printed so far; may signal the process. */
  readonly onOutput?: (printed: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** A folder of its own, and the command in it. */
export interface Project {
  readonly folder: string;
  write(files: Readonly<Record<string, string>>): void;
  millrace(args: readonly string[], call?: Call): Promise<Ended>;
  /** Runs a command line in this process, at a terminal if it has an answer to questions. For those that load no DAG file. */
  here(args: readonly string[], answer?: string, env?: Io["env"]): Promise<Ended>;
  /** Starts a command that goes on until it is told to stop. What is still there when the test file ends is killed. */
  spawn(args: readonly string[], call?: Call): Running;
}

/** A command under way. */
export interface Running {
  readonly pid: number;
  /** Everything it printed so far. */
  printed(): string;
  /** Resolves when what it printed since the call before fits; rejects when it ends without. */
  until(text: string | RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/** A DAG file that needs nothing but core. */
export const helloDag = `import { dag } from "@millrace/core";
export default dag("hello", { description: "Says hello", tags: ["demo"] }, (d) => {
  const name = d.task("name", () => "Ada");
  const greet = d.task("greet", { input: name }, ({ input, log }) => {
    log.info("greeting " + input);
    return "Hello " + input;
  });
  d.task("shout", { input: greet }, ({ input }) => input.toUpperCase());
});
`;

/** A DAG of which one task in the middle fails, and one at the end. */
export const failingDag = `import { dag } from "@millrace/core";
export default dag("failing", {}, (d) => {
  const bad = d.task("bad", () => {
    throw new TypeError("no \\u001b[31mluck\\u001b[0m today");
  });
  d.task("never", { input: bad }, () => 1);
});
export const halfBad = dag("half_bad", {}, (d) => {
  const bad = d.task("bad", () => { throw new Error("ignored"); });
  d.task("good", { input: bad, triggerRule: "all_done" }, () => "fine");
});
`;

/** Makes a project that finds the workspace's packages as if they were installed. */
export function project(files: Readonly<Record<string, string>> = {}): Project {
  // In a folder of its own: what comes up beside it is of this test.
  const around = realpathSync(mkdtempSync(join(tmpdir(), "millrace-cli-")));
  const folder = join(around, "project");
  mkdirSync(folder);
  folders.push(around);
  linkPackages(folder);
  const write = (more: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(more)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  write({ "package.json": `{ "type": "module" }`, ...files });
  return {
    folder,
    write,
    millrace: (args, call = {}) => millrace(args, { cwd: folder, ...call }),
    here: (args, answer, env) => here(args, folder, answer, env),
    spawn: (args, call = {}) => running(args, { cwd: folder, ...call }),
  };
}

/** Links what a DAG file may import into a project. */
export function linkPackages(folder: string): void {
  const zod = dirname(createRequire(join(packages, "core/package.json")).resolve("zod/package.json"));
  const links: Readonly<Record<string, string>> = {
    "@millrace/core": join(packages, "core"),
    "@millrace/backfill": join(packages, "backfill"),
    "@millrace/notify": join(packages, "notify"),
    "@millrace/store-sqlite": join(packages, "store-sqlite"),
    "@millrace/testing": join(packages, "testing"),
    zod,
  };
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
    symlinkSync(target, join(folder, "node_modules", name));
  }
}

/** Runs a command line in this process. */
export async function here(args: readonly string[], cwd: string, answer?: string, env: Io["env"] = {}): Promise<Ended> {
  const written = { out: "", err: "" };
  const output = (name: "out" | "err"): Io["out"] => ({
    write: (text) => {
      written[name] += String(text);
    },
    isTerminal: false,
    columns: undefined,
    rows: undefined,
  });
  const io: Io = {
    out: output("out"),
    err: output("err"),
    env,
    cwd,
    canAsk: answer !== undefined,
    ask: async (question) => {
      written.err += question;
      return answer ?? "";
    },
    onInterrupt: () => () => undefined,
    onForeignOutput: () => () => undefined,
    onStrayError: () => () => undefined,
    exit: () => undefined,
  };
  const code = await main(args, io);
  return { code, ...written, json: <T>() => JSON.parse(written.out) as T };
}

function running(args: readonly string[], call: Call & { readonly cwd: string }): Running {
  let printed = "";
  let seen = 0;
  let isOver = false;
  const waiting = new Set<() => void>();
  let child: { readonly pid: number; kill(signal: NodeJS.Signals): void } | undefined;
  const ended = millrace(args, {
    ...call,
    onStart: (pid, kill) => {
      child = { pid, kill };
      alive.set(pid, kill);
    },
    onOutput: (all) => {
      printed = all;
      for (const look of waiting) look();
    },
  });
  const { pid, kill } = child as NonNullable<typeof child>;
  void ended.finally(() => {
    isOver = true;
    alive.delete(pid);
    for (const look of waiting) look();
  });
  const until = (text: string | RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const fresh = printed.slice(seen);
        const found = typeof text === "string" ? fresh.indexOf(text) : fresh.search(text);
        if (found < 0 && !isOver) return;
        waiting.delete(look);
        if (found < 0) return reject(new Error(`It ended without printing ${text}:\n${printed}`));
        seen += found + 1;
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { pid, printed: () => printed, until, kill, ended };
}

/** Starts the command as a user would, from its sources. */
export function millrace(args: readonly string[], call: Call & { readonly cwd: string }): Promise<Ended> {
  const options: SpawnOptions = {
    cwd: call.cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      HOME: call.cwd,
      XDG_CACHE_HOME: join(call.cwd, ".cache"),
      ...call.env,
    },
  };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--conditions=millrace-source", starter, ...args], options);
    let out = "";
    let err = "";
    const heard = (): void => call.onOutput?.(out + err, (signal) => child.kill(signal));
    if (child.pid !== undefined) call.onStart?.(child.pid, (signal) => child.kill(signal));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      heard();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      err += text;
      heard();
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err, json: <T>() => JSON.parse(out) as T }));
  });
}
