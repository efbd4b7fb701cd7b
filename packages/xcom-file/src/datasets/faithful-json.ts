import { fileError } from "../errors.ts";

/** `JSON.stringify` itself gives up some thousand levels deep. */
const depthLimit = 500;

interface Finding {
  readonly what: string;
  /** From the inside out. */
  readonly steps: (string | number)[];
}

/**
 * Makes sure that a value comes back from JSON as it went in.
 *
 * @param at - how the value is named in the message, for example `$[17]`
 * @throws `DATASET_VALUE_UNSUPPORTED` with the path to the first place where it would not
 */
export function checkFaithful(value: unknown, at: string): void {
  const finding = find(value, 0);
  if (!finding) return;
  const path = finding.steps.reverse().map((step) => (typeof step === "number" ? `[${step}]` : property(step)));
  throw fileError("DATASET_VALUE_UNSUPPORTED", { path: shorten(at + path.join("")), what: finding.what });
}

function find(value: unknown, depth: number): Finding | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return undefined;
      return { what: Object.is(value, -0) ? "-0" : String(value), steps: [] };
    case "object":
      if (value === null) return undefined;
      if (depth >= depthLimit) return { what: `nested deeper than ${depthLimit} levels`, steps: [] };
      return Array.isArray(value) ? findInArray(value, depth) : findInObject(value, depth);
    default:
      return { what: value === undefined ? "undefined" : `a ${typeof value}`, steps: [] };
  }
}

function findInArray(values: readonly unknown[], depth: number): Finding | undefined {
  for (let index = 0; index < values.length; index++) {
    const finding = index in values ? find(values[index], depth + 1) : { what: "a hole in a list", steps: [] };
    if (finding) return within(finding, index);
  }
  return Object.keys(values).length > values.length ? { what: "a list with named properties", steps: [] } : undefined;
}

function findInObject(value: object, depth: number): Finding | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
    return {
      what: typeof name === "string" && name !== "" ? `an object of type ${name}` : "no plain object",
      steps: [],
    };
  }
  if (Object.getOwnPropertySymbols(value).length > 0) return { what: "an object with symbols as keys", steps: [] };
  for (const key of Object.keys(value)) {
    const finding = find((value as Record<string, unknown>)[key], depth + 1);
    if (finding) return within(finding, key);
  }
  return undefined;
}

function within(finding: Finding, step: string | number): Finding {
  finding.steps.push(step);
  return finding;
}

function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function shorten(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 120)}…${path.slice(-60)}`;
}
