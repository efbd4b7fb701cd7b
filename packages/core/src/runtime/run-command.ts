import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Clock } from "../time/clock.ts";

export interface ShellCommand {
  readonly command: readonly string[] | string;
  readonly shell: boolean;
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
}

export interface CommandEnd {
  /** `exit code 0`, `exit code 3`, `signal SIGKILL`, or why it did not start. */
  readonly how: string;
  /** The last line of its standard output. */
  readonly lastLine: string;
}

/** Variables of the engine's environment that a command is given; everything else, keys and addresses among it, stays here. */
const passedOn = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SystemRoot"];
const graceMs = 5_000;
const longestLine = 65_536;

/**
 * Runs a program to its end. When the signal aborts, its whole process group gets SIGTERM, and SIGKILL five seconds later.
 */
export async function runCommand(
  { command, shell, cwd, env }: ShellCommand,
  {
    signal,
    clock,
    onLine,
  }: {
    readonly signal: AbortSignal;
    readonly clock: Clock;
    readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
  },
): Promise<CommandEnd> {
  const [program, ...args] = typeof command === "string" ? [command] : command;
  const inherited = Object.fromEntries(
    passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  const child = spawn(program, args, {
    shell,
    cwd,
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  const ended = new AbortController();
  const stop = (): void => {
    killGroup(child.pid, "SIGTERM");
    void clock.sleep(graceMs, ended.signal).then(() => {
      if (!ended.signal.aborted) killGroup(child.pid, "SIGKILL");
    });
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  let lastLine = "";
  const printed = Promise.all([
    eachLine(child.stdout, (line) => {
      lastLine = line;
      onLine(line, "stdout");
    }),
    eachLine(child.stderr, (line) => onLine(line, "stderr")),
  ]);
  const how = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`an error before it started: ${error.message}`));
    child.once("exit", (code, killedBy) => resolve(killedBy === null ? `exit code ${code}` : `signal ${killedBy}`));
  });
  ended.abort();
  signal.removeEventListener("abort", stop);
  // Grandchildren may hold the pipes open; they are of the group and end with it.
  if (signal.aborted) killGroup(child.pid, "SIGKILL");
  await printed;
  return { how, lastLine };
}

function killGroup(pid: number | undefined, signal: "SIGTERM" | "SIGKILL"): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Lines of a stream; what is longer than 64 KiB is cut and said so. */
async function eachLine(stream: Readable, take: (line: string) => void): Promise<void> {
  stream.setEncoding("utf8");
  let rest = "";
  let cut = false;
  const end = (line: string): void => {
    take(cut ? `${line} … [cut]` : line);
    cut = false;
  };
  try {
    for await (const chunk of stream) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() as string;
      for (const line of lines) end(line.slice(0, longestLine));
      if (rest.length > longestLine) {
        rest = rest.slice(0, longestLine);
        cut = true;
      }
    }
  } catch {
    // The pipe broke with the process; what was read counts.
  }
  if (rest !== "") end(rest);
}
