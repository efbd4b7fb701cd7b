import { AsyncLocalStorage } from "node:async_hooks";
import { formatWithOptions, type InspectOptions, inspect } from "node:util";
import { processMasker } from "../../masking/masker.ts";
import type { LogLevel } from "../../store/contract.ts";
import { isThenable } from "../thenable.ts";
import type { AttemptLog } from "./attempt-log.ts";

/** An attempt as far as what it prints is concerned. */
export interface Printing {
  readonly log: AttemptLog;
  /** Once it is over, what its code still prints is not a task's any more. */
  readonly isOver: boolean;
  /** Called when it is over. */
  whenOver?: () => void;
}

/** Methods of the console that write themselves; the others (`table`, `trace`, `count`, `group` …) call these. */
const levels = {
  log: "info",
  info: "info",
  debug: "debug",
  warn: "warn",
  error: "error",
  dir: "info",
} as const satisfies Record<string, LogLevel>;
type Method = keyof typeof levels;
const methods = Object.keys(levels) as Method[];

/** The attempt of the code that runs, also after it has waited. */
const printing = new AsyncLocalStorage<Printing>();

/** The attempt whose function is being called and is known to end at once. */
let atOnce: Printing | undefined;

/** Functions that returned no promise when they were last called. */
const endAtOnce = new WeakSet<(given: never) => unknown>();

/**
 * Calls a task's function: what it and all that it sets going print belongs to the attempt. To follow what goes on after the
 * call takes as long as all the rest of a short attempt, so functions that have shown that they end at once are not
 * followed; one that then does return a promise is, from its next call on.
 */
export function callPrinting<A, T>(attempt: Printing, call: (given: A) => T, given: A): T {
  if (!endAtOnce.has(call)) {
    const returned = printing.run(attempt, call, given);
    if (!isThenable(returned)) endAtOnce.add(call);
    return returned;
  }
  const before = atOnce;
  atOnce = attempt;
  try {
    const returned = call(given);
    if (isThenable(returned)) endAtOnce.delete(call);
    return returned;
  } finally {
    atOnce = before;
  }
}

/** The attempt whose code is running, if there is one that is not over. */
export function printingNow(): Printing | undefined {
  const attempt = atOnce ?? printing.getStore();
  return attempt?.isOver ? undefined : attempt;
}

let captures = 0;
let restore = (): void => undefined;

/**
 * Sends what tasks print with `console` to their logs. Whatever else is printed goes where it went before. The function
 * returned ends that; with the last one the console is as it was.
 */
export function captureConsole(): () => void {
  if (captures++ === 0) restore = patch(globalThis.console);
  let isCaptured = true;
  return () => {
    if (!isCaptured) return;
    isCaptured = false;
    if (--captures === 0) restore();
  };
}

function patch(target: Console): () => void {
  const undo = methods.map((method) => {
    const own = Object.getOwnPropertyDescriptor(target, method);
    const original = target[method] as (...args: unknown[]) => void;
    const captured = (...args: unknown[]): void => {
      const attempt = printingNow();
      if (attempt) return print(attempt.log, method, args);
      // What a task set going and left behind may still know a secret.
      const shown = processMasker.isActive ? maskedText(method, args) : undefined;
      original.apply(target, shown === undefined ? args : [shown]);
    };
    Object.defineProperty(target, method, { value: captured, writable: true, enumerable: true, configurable: true });
    return () => {
      // Somebody who has put something else in its place meanwhile keeps that.
      if (target[method] !== captured) return;
      if (own) Object.defineProperty(target, method, own);
      else delete (target as Partial<Console>)[method];
    };
  });
  return () => {
    for (const each of undo) each();
  };
}

function print(log: AttemptLog, method: Method, args: readonly unknown[]): void {
  // Past the limit it is only counted: it need not be formatted.
  log[levels[method]](log.isFull ? "" : textOf(method, args));
}

/** The text without secrets, or `undefined` if there are none in it. */
function maskedText(method: Method, args: readonly unknown[]): string | undefined {
  const text = textOf(method, args);
  const shown = processMasker.mask(text);
  return shown === text ? undefined : shown;
}

function textOf(method: Method, args: readonly unknown[]): string {
  return method === "dir"
    ? inspect(args[0], { customInspect: false, ...(args[1] as InspectOptions | undefined), colors: false })
    : formatWithOptions({ colors: false }, ...args);
}
