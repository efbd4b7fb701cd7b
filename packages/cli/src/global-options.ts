import type { OptionDefinition } from "./command.ts";

/** The options that every command takes. */
export const globalOptions: readonly OptionDefinition[] = [
  { flags: "--config <path>", says: "config file, or its folder (default: the nearest one, upwards)" },
  { flags: "--home <dir>", says: "folder for what Millrace keeps" },
  { flags: "-o, --output <format>", says: "what to print", choices: ["table", "json"], default: "table" },
  { flags: "--no-color", says: "no colour (as NO_COLOR does)" },
  { flags: "-q, --quiet", says: "only the payload and errors" },
  { flags: "--debug", says: "show the stack of errors, and write what XCom parts do into the logs of tasks" },
];
