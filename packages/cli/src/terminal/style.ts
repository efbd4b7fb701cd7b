import { styleText } from "node:util";
import type { Io, Output } from "./io.ts";

type Format = Parameters<typeof styleText>[0];

/** Puts colour on text, or leaves it alone. */
export interface Style {
  readonly hasColor: boolean;
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  accent(text: string): string;
  /** The sign of a state of a run or task: `✓`, `✗`. */
  sign(state: string): string;
  /** A state: its sign and its word, in its colour. */
  state(state: string): string;
  /** Any text in the colour of a state. */
  inStateColor(state: string, text: string): string;
}

const stateLooks: Readonly<Record<string, readonly [sign: string, format: Format]>> = {
  success: ["✓", "green"],
  failed: ["✗", "red"],
  upstream_failed: ["✗", "yellow"],
  skipped: ["–", "magenta"],
  running: ["▸", "cyan"],
  up_for_retry: ["↻", "yellow"],
  up_for_reschedule: ["↻", "cyan"],
  waiting: ["…", "cyan"],
  queued: ["·", "dim"],
  scheduled: ["·", "dim"],
  cancelled: ["■", "yellow"],
  removed: ["·", "dim"],
};

/**
 * Whether an output gets colour: a terminal does, unless `--no-color` or `NO_COLOR` says otherwise.
 * `FORCE_COLOR` asks for it anywhere; `TERM=dumb` for none.
 */
export function wantsColor(output: Output, env: Io["env"], isRefused: boolean): boolean {
  if (isRefused || (env.NO_COLOR ?? "") !== "") return false;
  if ((env.FORCE_COLOR ?? "") !== "") return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return output.isTerminal && env.TERM !== "dumb";
}

export function styleOf(hasColor: boolean): Style {
  const paint = (format: Format, text: string): string =>
    hasColor && text !== "" ? styleText(format, text, { validateStream: false }) : text;
  const sign = (state: string): string => stateLooks[state]?.[0] ?? "·";
  const inStateColor = (state: string, text: string): string => paint(stateLooks[state]?.[1] ?? "reset", text);
  return {
    hasColor,
    bold: (text) => paint("bold", text),
    dim: (text) => paint("dim", text),
    good: (text) => paint("green", text),
    bad: (text) => paint("red", text),
    warn: (text) => paint("yellow", text),
    accent: (text) => paint("cyan", text),
    sign,
    state: (state) => inStateColor(state, `${sign(state)} ${state}`),
    inStateColor,
  };
}
