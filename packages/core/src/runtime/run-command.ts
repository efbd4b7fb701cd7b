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
 * Runs a program to its end, and to that of what it left running with its output. When the signal aborts, the whole
 * process group gets SIGTERM, and what is left of it SIGKILL five seconds later.
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
  const kill = (): void => {
    killGroup(child.pid, "SIGKILL");
    // Whoever has left the group may hold the pipes for ever.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const stop = (): void => {
    killGroup(child.pid, "SIGTERM");
    void clock.sleep(graceMs, ended.signal).then(() => {
      if (!ended.signal.aborted) kill();
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
  // What the program left running behind it may print on: the command is over when nobody can any more, or when it is stopped.
  await printed;
  // Of a group that was stopped, members that print nothing may be left: they have their five seconds too.
  if (!signal.aborted || isGone(child.pid)) ended.abort();
  signal.removeEventListener("abort", stop);
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

/** True when no process of the group is left. */
function isGone(pid: number | undefined): boolean {
  if (pid === undefined) return true;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, 0);
    return false;
  } catch {
    return true;
  }
}

/** Lines of a stream; what is longer than 64 KiB is cut and said so. */
async function eachLine(stream: Readable, take: (line: string) => void): Promise<void> {
  stream.setEncoding("utf8");
  let rest = "";
  let cut = false;
  const end = (line: string): void => {
    take(cut || line.length > longestLine ? `${line.slice(0, longestLine)} … [cut]` : line);
    cut = false;
  };
  try {
    for await (const chunk of stream) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() as string;
      for (const line of lines) end(line);
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
