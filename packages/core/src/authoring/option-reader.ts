import { coreError, isMillraceError, type MillraceError, shown } from "../errors.ts";
import { type DurationInput, parseDuration } from "../time/duration.ts";

/** True for an object without a class. */
export function isPlainRecord(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Reads the options of one thing; what is wrong with them is added to a list instead of thrown, so that all is told at once. */
export class OptionReader {
  readonly #where: string;
  readonly #mistakes: MillraceError[];

  /** @param where - for messages: `task 'extract'` */
  constructor(where: string, mistakes: MillraceError[]) {
    this.#where = where;
    this.#mistakes = mistakes;
  }

  wrong(option: string, value: unknown, expected: string): void {
    this.#mistakes.push(coreError("DAG_OPTION_INVALID", { option, where: this.#where, value: shown(value), expected }));
  }

  /** Options that nobody would read: a typing error must not go unnoticed. */
  noOthers(options: object, known: Readonly<Record<string, true>>, prefix = ""): void {
    for (const [option, value] of Object.entries(options))
      if (!Object.hasOwn(known, option)) this.wrong(`${prefix}${option}`, value, "there is no such option");
  }

  wholeNumber<T extends number | undefined>(option: string, value: T, least: number, most?: number): T {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < least || (most !== undefined && value > most)))
      this.wrong(
        option,
        value,
        most === undefined
          ? `a whole number of at least ${least} is needed`
          : `a whole number from ${least} to ${most} is needed`,
      );
    return value;
  }

  /** Milliseconds. */
  duration(option: string, value: DurationInput | undefined): number | undefined {
    if (value === undefined) return undefined;
    try {
      return parseDuration(value);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.wrong(option, value, "a duration such as '30s' is needed");
      return undefined;
    }
  }

  oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
    if (!allowed.includes(value)) this.wrong(option, value, `one of ${allowed.join(", ")} is needed`);
    return value;
  }

  flag(option: string, value: boolean | undefined, byDefault: boolean): boolean {
    if (value !== undefined && typeof value !== "boolean") this.wrong(option, value, "true or false is needed");
    return value ?? byDefault;
  }

  callback<F extends (...args: never[]) => unknown>(option: string, value: F | undefined): F | undefined {
    if (value !== undefined && typeof value !== "function") this.wrong(option, value, "a function is needed");
    return value;
  }

  text(option: string, value: string | undefined): string | undefined {
    if (value !== undefined && typeof value !== "string") this.wrong(option, value, "text is needed");
    return value;
  }

  /** A plain object or nothing: of a map nobody would read the entries. Null is more likely a mistake than a wish. */
  record<T extends object>(option: string, value: T | undefined): T | undefined {
    if (value === undefined || isPlainRecord(value)) return value;
    this.wrong(option, value, "an object is needed");
    return undefined;
  }

  /** An object with options; anything else counts as none. */
  options<T extends object>(option: string, value: T | null | undefined): Partial<T> {
    if (value === undefined || value === null) return {};
    if (typeof value === "object" && !Array.isArray(value)) return value;
    this.wrong(option, value, "an object with options is needed");
    return {};
  }
}
