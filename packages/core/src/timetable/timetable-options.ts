import { OptionReader } from "../authoring/option-reader.ts";
import type { MillraceError } from "../errors.ts";
import type { DurationInput } from "../time/duration.ts";
import { checkTimezone } from "../time/instant.ts";
import type { Rhythm } from "./sequence-timetable.ts";

/** Options that timetables with a moment instead of a data interval share. */
export interface TriggerTimetableOptions {
  /** The data interval of a run: so long, and it ends when the run is due. Default: no width. */
  readonly interval?: DurationInput;
  /**
   * A new DAG without start date begins with the time that has just passed: `true` always, a duration if it is no longer ago
   * than that, `false` (default) if it is no longer ago than five minutes or a tenth of the period.
   */
  readonly runImmediately?: boolean | DurationInput;
}

/** Reads options of a timetable; the first mistake is thrown, for there is no DAG yet that could collect them. */
export class TimetableOptions {
  readonly #mistakes: MillraceError[] = [];
  readonly #reader: OptionReader;

  /** @throws `DAG_OPTION_INVALID` for an option that nobody would read */
  constructor(where: string, options: object, known: Readonly<Record<string, true>>) {
    this.#reader = new OptionReader(where, this.#mistakes);
    this.#checked(() => this.#reader.noOthers(this.#reader.options("options", options), known));
  }

  /** @throws `TIMEZONE_INVALID` */
  timezone(value: string | undefined): string | undefined {
    return value === undefined ? undefined : checkTimezone(value);
  }

  oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
    return this.#checked(() => this.#reader.oneOf(option, value, allowed));
  }

  flag(option: string, value: boolean | undefined, byDefault: boolean): boolean {
    return this.#checked(() => this.#reader.flag(option, value, byDefault));
  }

  /** A duration of whole milliseconds, at least so many. */
  wholeMs(option: string, value: DurationInput, least: number): number {
    const ms = this.#checked(() => this.#reader.duration(option, value)) ?? 0;
    if (!Number.isSafeInteger(ms) || ms < least)
      throw this.wrong(option, value, `a duration of at least ${least} ms, without fractions, is needed`);
    return ms;
  }

  /** How runs follow from instants, where each is due at one. */
  trigger({ interval, runImmediately = false }: TriggerTimetableOptions): Rhythm {
    const lookbackMs = interval === undefined ? 0 : this.wholeMs("interval", interval, 0);
    if (runImmediately === true) return { kind: "trigger", lookbackMs, firstRun: "always" };
    if (runImmediately === false) return { kind: "trigger", lookbackMs, firstRun: "recent" };
    return { kind: "trigger", lookbackMs, firstRun: this.wholeMs("runImmediately", runImmediately, 0) };
  }

  /** The error of an option. */
  wrong(option: string, value: unknown, expected: string): MillraceError {
    this.#reader.wrong(option, value, expected);
    return this.#mistakes[0];
  }

  #checked<T>(step: () => T): T {
    const value = step();
    if (this.#mistakes.length > 0) throw this.#mistakes[0];
    return value;
  }
}
