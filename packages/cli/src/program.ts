import { Argument, Command, CommanderError, Option } from "commander";
import type { Catalogue, CommandEntry } from "./catalogue.ts";
import { type CommandDefinition, givenOf, type OptionDefinition } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { globalOptions } from "./global-options.ts";
import type { GlobalOptions, Session } from "./session.ts";
import { type Style, styleOf } from "./terminal/style.ts";

/** How the program reaches the outside. */
export interface ProgramHost {
  readonly version: string;
  readonly hasColor: boolean;
  /** Width of the terminal, for the help. */
  readonly columns: number | undefined;
  /** Help and version. */
  print(text: string): void;
  open(options: GlobalOptions): Session;
}

/** Runs one command line. Gives the exit code; throws what the command throws, and `CommanderError` for wrong usage. */
export async function runProgram(argv: readonly string[], catalogue: Catalogue, host: ProgramHost): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = new Command("millrace");
  configure(program, host);
  program
    .description("Workflows as code: define DAGs in TypeScript, run them, see what they did.")
    .version(host.version, "-V, --version", "print the version");
  for (const option of globalOptions) program.addOption(optionOf(option, program));
  addExamples(
    program,
    [
      ["millrace init demo", "make a new project"],
      ["millrace run hello", "run the DAG 'hello' once"],
      ["millrace dags list -o json", "for programs"],
    ],
    styleOf(host.hasColor),
  );

  const entries = new Map<Command, CommandEntry>();
  const groups = new Map<string, Command>();
  const loadBeforeUse = async (_: Command, command: Command): Promise<void> => {
    const entry = entries.get(command);
    if (!entry) return;
    const { default: definition } = await entry.load();
    define(command, definition, styleOf(host.hasColor));
    command.action(async () => {
      const session = host.open(program.opts<GlobalOptions>());
      try {
        exitCode = await definition.run(session, givenOf(valuesOf(command, definition)));
      } finally {
        await session.close();
      }
    });
  };
  program.hook("preSubcommand", loadBeforeUse);
  for (const entry of catalogue.commands) {
    const [first, second] = entry.path.split(" ");
    let parent = program;
    if (second !== undefined) {
      parent = groups.get(first) ?? addGroup(program, first, catalogue, host);
      if (!groups.has(first)) parent.hook("preSubcommand", loadBeforeUse);
      groups.set(first, parent);
    }
    const command = parent.command(second ?? first, { hidden: entry.isHidden }).description(entry.summary);
    entries.set(command, entry);
  }
  await program.parseAsync(argv.length === 0 ? ["--help"] : [...argv], { from: "user" });
  return exitCode;
}

function configure(program: Command, host: ProgramHost): void {
  program.exitOverride().showSuggestionAfterError();
  program.configureOutput({
    writeOut: (text) => host.print(text),
    writeErr: () => undefined,
    outputError: () => undefined,
    getOutHelpWidth: () => Math.min(host.columns ?? 100, 110),
    getOutHasColors: () => host.hasColor,
  });
  const style = styleOf(host.hasColor);
  program.configureHelp({
    showGlobalOptions: true,
    styleTitle: (text) => style.bold(text),
    styleCommandText: (text) => style.accent(text),
    styleSubcommandText: (text) => style.accent(text),
    styleOptionTerm: (text) => style.accent(text),
    styleArgumentTerm: (text) => style.accent(text),
  });
}

function addGroup(program: Command, name: string, catalogue: Catalogue, host: ProgramHost): Command {
  const members = catalogue.commands.filter(({ path }) => path.startsWith(`${name} `));
  const words = members.map(({ path }) => path.slice(name.length + 1)).join(", ");
  const group = program
    .command(name)
    .description(catalogue.groups[name])
    .summary(`${catalogue.groups[name]} (${words})`);
  addExamples(
    group,
    members.slice(0, 2).map(({ path }) => [`millrace ${path} --help`, `how to use ${path}`] as const),
    styleOf(host.hasColor),
  );
  return group;
}

function define(command: Command, definition: CommandDefinition, style: Style): void {
  for (const { name, says } of definition.arguments ?? []) command.addArgument(new Argument(name, says));
  for (const option of definition.options ?? []) command.addOption(optionOf(option, command));
  if (definition.about !== undefined)
    command.summary(command.description()).description(`${command.description()}.\n\n${definition.about}`);
  addExamples(command, definition.examples, style);
}

function optionOf(definition: OptionDefinition, command: Command): Option {
  const option = new Option(definition.flags, definition.says);
  if (definition.default !== undefined) option.default(definition.default);
  if (definition.choices) option.choices([...definition.choices]);
  const { parse, repeats } = definition;
  if (parse || repeats) {
    option.argParser((text: string, before: unknown) => {
      const value = parse ? parse(text, option.long ?? definition.flags) : text;
      if (!repeats) return value;
      if (definition.choices && !definition.choices.includes(text))
        command.error(
          `error: option '${definition.flags}' argument '${text}' is invalid. Allowed choices are ${definition.choices.join(", ")}.`,
        );
      return [...(Array.isArray(before) ? (before as unknown[]) : []), value];
    });
  }
  return option;
}

function addExamples(command: Command, examples: CommandDefinition["examples"], style: Style): void {
  const longest = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, says]) => `  ${style.accent(line.padEnd(longest))}  ${style.dim(`# ${says}`)}`);
  command.addHelpText("after", `\n${style.bold("Examples:")}\n${lines.join("\n")}`);
}

function valuesOf(command: Command, definition: CommandDefinition): Record<string, unknown> {
  const values: Record<string, unknown> = { ...command.opts() };
  (definition.arguments ?? []).forEach(({ name }, place) => {
    values[name.replace(/[<>[\].]/g, "")] = command.processedArgs[place] as unknown;
  });
  return values;
}

export { CommanderError };
