import type { CommandDefinition } from "./command.ts";

/** A command's place, its summary for the help of the command above it, and its module, loaded when it is called. */
export interface CommandEntry {
  /** `run`, or `dags list`. */
  readonly path: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly default: CommandDefinition }>;
  readonly isHidden?: boolean;
}

/** All commands there are. */
export interface Catalogue {
  readonly commands: readonly CommandEntry[];
  /** Groups of commands and what they are about. */
  readonly groups: Readonly<Record<string, string>>;
}
