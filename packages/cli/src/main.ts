import { catalogue } from "./command-table.ts";
import { exitCodes } from "./exit-codes.ts";
import { packageFacts } from "./package-facts.ts";
import { CommanderError, runProgram } from "./program.ts";
import { errorLines, errorPayload, exitCodeOfError } from "./report-error.ts";
import { type GlobalOptions, hintOf, Session } from "./session.ts";
import { type Io, processIo } from "./terminal/io.ts";
import { styleOf, wantsColor } from "./terminal/style.ts";

/**
 * Runs one command line and gives its exit code: 0 ok, 1 the run failed, 2 usage, 3 not found, 4 conflict, 5 unavailable.
 * It never rejects. Standard output carries the payload alone, everything else goes to standard error.
 */
export async function main(argv: readonly string[], io?: Io): Promise<number> {
  if (io) return runCommandLine(argv, io);
  const ours = processIo();
  // Holds if the process ends before the command does.
  process.exitCode = exitCodes.failed;
  process.exitCode = await runCommandLine(argv, ours.io);
  await ours.flush();
  return process.exitCode;
}

async function runCommandLine(argv: readonly string[], io: Io): Promise<number> {
  const wanted = peek(argv);
  const hasColor = (output: Io["out"]): boolean => wantsColor(output, io.env, wanted.isPlain);
  let printed = "";
  try {
    const code = await runProgram(argv, catalogue, {
      version: packageFacts().version,
      hasColor: !wanted.isJson && hasColor(io.out),
      columns: io.out.columns,
      print: (text) => {
        printed += text;
      },
      open: (options: GlobalOptions) => new Session(io, options, catalogue),
    });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      io.out.write(
        wanted.isJson
          ? `${JSON.stringify({ [error.code === "commander.version" ? "version" : "help"]: printed.trimEnd() })}\n`
          : printed,
      );
      return exitCodes.ok;
    }
    const shown = error instanceof CommanderError ? usageError(error, argv) : error;
    const hint = hintOf(error);
    if (wanted.isJson)
      io.out.write(`${JSON.stringify({ error: { ...errorPayload(shown), ...(hint && { hint }) } }, null, 2)}\n`);
    const debug = argv.includes("--debug") || (io.env.MILLRACE_DEBUG ?? "") !== "";
    io.err.write(`${errorLines(shown, styleOf(hasColor(io.err)), { debug, hint }).join("\n")}\n`);
    return error instanceof CommanderError ? exitCodes.usage : exitCodeOfError(error);
  }
}

/** What decides how errors are shown, read before the command line is: it may be wrong itself. */
function peek(argv: readonly string[]): { readonly isJson: boolean; readonly isPlain: boolean } {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  const isJson = words.some(
    (word, at) =>
      word === "-ojson" ||
      word === "--output=json" ||
      (word === "json" && (words[at - 1] === "-o" || words[at - 1] === "--output")),
  );
  return { isJson, isPlain: words.includes("--no-color") };
}

/** A wrong command line, in the shape of every other error. */
function usageError(error: CommanderError, argv: readonly string[]): Error {
  const [what, ...more] = error.message.replace(/^error: /, "").split("\n");
  const words = argv.filter((word) => /^[a-z]+$/.test(word)).slice(0, 2);
  const group =
    catalogue.commands.find(({ path }) => path === words.join(" ") || path === words[0])?.path ??
    (catalogue.commands.some(({ path }) => path.startsWith(`${words[0]} `)) ? words[0] : "");
  const isBareGroup = error.code === "commander.help";
  const message = isBareGroup
    ? `'millrace ${group}' needs one more word: ${membersOf(group)}`
    : what.charAt(0).toUpperCase() + what.slice(1);
  const cure = [
    ...more.map((line) => line.replace(/^\((.*)\)$/, "$1")),
    `See \`${`millrace ${group}`.trim()} --help\`.`,
  ].join("\n");
  const coded = Object.assign(new Error(message), { code: "USAGE_INVALID", cure, issues: [] });
  Object.defineProperty(coded, Symbol.for("millrace.error"), { value: true });
  return coded;
}

function membersOf(group: string): string {
  return catalogue.commands
    .flatMap(({ path }) => (path.startsWith(`${group} `) ? [path.slice(group.length + 1)] : []))
    .join(", ");
}
