import { Console } from "node:console";
import { createInterface } from "node:readline";
import { maskedPieces, withoutSecrets } from "./mask.ts";

/** One of the two streams that a command writes to. */
export interface Output {
  write(text: string | Uint8Array): void;
  readonly isTerminal: boolean;
  /** Width of the terminal; `undefined` where there is none. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

/** The world of a command: what it reads and where it writes. Tests give their own. */
export interface Io {
  readonly out: Output;
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** True when somebody can answer a question. */
  readonly canAsk: boolean;
  /** Asks on standard error and gives the line that was typed; empty when the user turned away. */
  ask(question: string): Promise<string>;
  /** Calls the listener when the user interrupts (Ctrl-C); the function returned ends that. */
  onInterrupt(listener: () => void): () => void;
  /** Gives what others print in this process to the listener instead of standard error; the function returned ends that. */
  onForeignOutput(listener: (text: string) => void): () => void;
  /** Calls the listener with what was thrown outside of everything that could catch it; the process goes on. */
  onStrayError(listener: (error: unknown, kind: "exception" | "rejection") => void): () => void;
  /** Ends the process at once, for the second interrupt. */
  exit(code: number): void;
}

/**
 * The real process. Standard output and standard error are the command's own: what DAG files, tasks and libraries print
 * goes to standard error, so that a payload stays parseable, or to whoever asked for it.
 */
export function processIo(): { readonly io: Io; readonly flush: () => Promise<void> } {
  const { stdout, stderr } = process;
  type Write = (text: string | Uint8Array, done?: () => void) => boolean;
  const writePayload = stdout.write.bind(stdout) as Write;
  const writeError = stderr.write.bind(stderr) as Write;
  let hear: ((text: string) => void) | undefined;
  const masked = maskedPieces();
  const foreign = (given: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    const text = masked(given);
    if (hear) hear(typeof text === "string" ? text : Buffer.from(text).toString());
    else writeError(text);
    const called = typeof encoding === "function" ? encoding : done;
    if (typeof called === "function") process.nextTick(called as () => void);
    return true;
  };
  stdout.write = foreign;
  stderr.write = foreign;
  globalThis.console = new Console(stdout, stderr);
  // A reader that has gone away, as `head` does, is no error.
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  const output = (stream: NodeJS.WriteStream, write: Output["write"]): Output => ({
    write,
    get isTerminal() {
      return stream.isTTY === true;
    },
    get columns() {
      // A terminal that does not know its size says 0.
      return stream.isTTY ? stream.columns || undefined : undefined;
    },
    get rows() {
      return stream.isTTY ? stream.rows || undefined : undefined;
    },
  });
  const io: Io = {
    out: output(stdout, (text) => void writePayload(text)),
    err: output(stderr, (text) => void writeError(typeof text === "string" ? withoutSecrets(text) : text)),
    env: process.env,
    cwd: process.cwd(),
    canAsk: process.stdin.isTTY === true && stderr.isTTY === true,
    ask: (question) => askOnTerminal(question),
    onInterrupt(listener) {
      process.on("SIGINT", listener);
      process.on("SIGTERM", listener);
      return () => {
        process.off("SIGINT", listener);
        process.off("SIGTERM", listener);
      };
    },
    onForeignOutput(listener) {
      hear = listener;
      return () => {
        hear = undefined;
      };
    },
    onStrayError(listener) {
      const onException = (error: unknown): void => listener(error, "exception");
      const onRejection = (error: unknown): void => listener(error, "rejection");
      process.on("uncaughtException", onException);
      process.on("unhandledRejection", onRejection);
      return () => {
        process.off("uncaughtException", onException);
        process.off("unhandledRejection", onRejection);
      };
    },
    exit: (code) => process.exit(code),
  };
  const flush = async (): Promise<void> => {
    await new Promise<void>((resolve) => writePayload("", resolve));
    await new Promise<void>((resolve) => writeError("", resolve));
  };
  return { io, flush };
}

function askOnTerminal(question: string): Promise<string> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    // Ctrl-C and Ctrl-D are a no.
    lines.on("SIGINT", () => lines.close());
    lines.on("close", () => resolve(""));
    lines.question(question, (answer) => {
      resolve(answer);
      lines.close();
    });
  });
}
