import type { Catalogue, CommandEntry } from "../catalogue.ts";
import type { CommandDefinition, Completable, OptionDefinition } from "../command.ts";
import { globalOptions } from "../global-options.ts";

/** One thing that the word at the cursor may become. */
export interface Candidate {
  readonly value: string;
  readonly says: string;
}

/** Looks up ids: of DAGs, of a DAG's tasks and runs. `given` are the values of the arguments before, by name. */
export type LookUp = (
  what: Exclude<Completable, readonly string[]>,
  given: Readonly<Record<string, string>>,
) => Promise<readonly Candidate[]>;

/** What the last of the words may become; the words before it are complete. */
export async function candidatesFor(
  words: readonly string[],
  catalogue: Catalogue,
  lookUp: LookUp,
): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? "";
  const found = await allFor(words.slice(0, -1), current, catalogue, lookUp);
  return found.filter(({ value }) => value.startsWith(current));
}

async function allFor(
  before: readonly string[],
  current: string,
  catalogue: Catalogue,
  lookUp: LookUp,
): Promise<readonly Candidate[]> {
  const entries = catalogue.commands.filter(({ isHidden }) => !isHidden);
  const path: string[] = [];
  let definition: CommandDefinition | undefined;
  const given: string[] = [];
  const options = (): readonly OptionDefinition[] => [...(definition?.options ?? []), ...globalOptions];
  let awaits: OptionDefinition | undefined;

  for (const word of before) {
    if (awaits) awaits = undefined;
    else if (word.startsWith("-"))
      awaits = options().find((option) => takesValue(option) && namesOf(option).includes(word));
    else if (definition) given.push(word);
    else {
      path.push(word);
      const entry = entries.find((each) => each.path === path.join(" "));
      if (entry) definition = (await entry.load()).default;
    }
  }
  const args = definition?.arguments ?? [];
  const byName = Object.fromEntries(
    given.map((word, at) => [nameOf(args[Math.min(at, args.length - 1)]?.name ?? ""), word]),
  );
  const complete = async (what: Completable | undefined): Promise<readonly Candidate[]> => {
    if (what === undefined) return [];
    return typeof what === "string" ? lookUp(what, byName) : what.map((value) => ({ value, says: "" }));
  };

  if (awaits) return complete(awaits.choices ?? awaits.completes);
  if (current.startsWith("-"))
    return options().flatMap((option) =>
      namesOf(option)
        .filter((name) => name.startsWith("--"))
        .map((value) => ({ value, says: option.says })),
    );
  if (definition) {
    const last = args.at(-1);
    return complete((args[given.length] ?? (last?.name.includes("...") ? last : undefined))?.completes);
  }
  return commandsBehind(path, entries, catalogue.groups);
}

function commandsBehind(
  path: readonly string[],
  entries: readonly CommandEntry[],
  groupNames: Catalogue["groups"],
): readonly Candidate[] {
  if (path.length === 0) {
    const single = entries
      .filter((entry) => !entry.path.includes(" "))
      .map((entry) => ({ value: entry.path, says: entry.summary }));
    const groups = Object.entries(groupNames).map(([value, says]) => ({ value, says }));
    return [...single, ...groups].sort((a, b) => (a.value < b.value ? -1 : 1));
  }
  const start = `${path.join(" ")} `;
  return entries
    .filter((entry) => entry.path.startsWith(start))
    .map((entry) => ({ value: entry.path.slice(start.length), says: entry.summary }));
}

function namesOf(option: OptionDefinition): string[] {
  return option.flags.split(/[ ,]+/).filter((word) => word.startsWith("-"));
}

function takesValue(option: OptionDefinition): boolean {
  return option.flags.includes("<") || option.flags.includes("[");
}

function nameOf(argument: string): string {
  return argument.replace(/[<>[\].]/g, "");
}
