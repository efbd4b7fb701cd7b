import type { Session } from "./session.ts";

/** What can be completed at an argument or option. */
export type Completable = "dag" | "run" | "task" | "xcom-key" | readonly string[];

export interface ArgumentDefinition {
  /** `<dag>`, `[run]` or `[path...]`. */
  readonly name: string;
  readonly says: string;
  readonly completes?: Completable;
}

export interface OptionDefinition {
  /** As commander has it: `--limit <n>`. */
  readonly flags: string;
  readonly says: string;
  readonly default?: string | number | boolean;
  readonly choices?: readonly string[];
  readonly completes?: Completable;
  /** Reads the text given; what it throws refuses it. */
  readonly parse?: (text: string, flag: string) => unknown;
  /** May be given several times: the values are a list. */
  readonly repeats?: boolean;
}

/** A command, without its name and summary: those stand in the command table. */
export interface CommandDefinition {
  /** More than the summary, for the command's own help. */
  readonly about?: string;
  readonly arguments?: readonly ArgumentDefinition[];
  readonly options?: readonly OptionDefinition[];
  /** Shown at the end of the help: the command line, and what it does. */
  readonly examples: readonly (readonly [line: string, says: string])[];
  /** Does the work and gives the exit code. Heavy modules are imported in here, so that help needs none of them. */
  run(session: Session, given: Given): Promise<number>;
}

/** What was given on the command line, by name; options in camel case. */
export interface Given {
  text(name: string): string;
  textOr<T>(name: string, fallback: T): string | T;
  list(name: string): readonly string[];
  flag(name: string): boolean;
  value<T>(name: string): T | undefined;
}

export function defineCommand(definition: CommandDefinition): CommandDefinition {
  return definition;
}

export function givenOf(values: Readonly<Record<string, unknown>>): Given {
  return {
    text: (name) => String(values[name]),
    textOr: (name, fallback) => (typeof values[name] === "string" ? values[name] : fallback),
    list: (name) => (Array.isArray(values[name]) ? (values[name] as string[]) : []),
    flag: (name) => values[name] === true,
    value: <T>(name: string) => values[name] as T | undefined,
  };
}
