import { coreError, isMillraceError, shown } from "../errors.ts";
import type { Clock } from "../time/clock.ts";
import { type DurationInput, parseDuration } from "../time/duration.ts";
import { type InstantInput, parseInstant } from "../time/instant.ts";

/** Which missed runs are made up for. Without any bound: all of them. */
export interface CatchupPolicy {
  /** Only runs whose data interval starts at or after this. */
  readonly since?: InstantInput;
  /** At most so many missed runs, the newest ones. */
  readonly maxRuns?: number;
  /** Only runs that had been due for less than this when the engine noticed them. Looked at before `maxRuns`. */
  readonly window?: DurationInput;
}

/** Whether missed runs are made up for: all, none but the last, or those within bounds. */
export type CatchupSetting = boolean | CatchupPolicy;

/** Where catchup settings come from that are no part of the code: a file, a query, … Read again while an engine runs. */
export interface CatchupSource {
  /** Shown to people and in events. */
  readonly name: string;
  /** How often it is read. */
  readonly every: DurationInput;
  /** Holds until it was read for the first time, when nothing is known from before. */
  readonly default: CatchupSetting;
  /** Called each time before its DAGs are asked for, for what is read once for all of them. */
  refresh?(query: { readonly signal: AbortSignal; readonly clock: Clock }): unknown;
  /** What holds for this DAG now: a {@link CatchupSetting}, which is checked; `undefined` for the default. */
  read(query: { readonly dagId: string; readonly signal: AbortSignal }): unknown;
}

/** Where the setting that holds for a DAG comes from: somebody has set it in the store, its source gave it, or its code has it. */
export type CatchupOrigin = "store" | "source" | "code";

/** A catchup setting, complete. Milliseconds since the epoch, and of time. */
export interface Catchup {
  readonly isOn: boolean;
  readonly since: number | null;
  readonly maxRuns: number | null;
  readonly windowMs: number | null;
}

export const catchupOff: Catchup = { isOn: false, since: null, maxRuns: null, windowMs: null };

const known = { since: true, maxRuns: true, window: true } as const satisfies Record<keyof CatchupPolicy, true>;

/**
 * Reads a catchup setting from wherever it comes.
 *
 * @param timezone - where a bare date has its midnight
 * @throws `CATCHUP_INVALID`
 */
export function parseCatchup(value: unknown, timezone: string): Catchup {
  if (typeof value === "boolean") return { ...catchupOff, isOn: value };
  const invalid = (why: string) => coreError("CATCHUP_INVALID", { value: shown(value), why });
  try {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw invalid("true, false or an object with since, maxRuns and window is needed");
    const other = Object.keys(value).find((key) => !Object.hasOwn(known, key));
    if (other !== undefined) throw invalid(`there is no '${other.slice(0, 100)}'`);
    const { since, maxRuns, window } = value as CatchupPolicy;
    if (maxRuns !== undefined && !(Number.isSafeInteger(maxRuns) && maxRuns >= 1))
      throw invalid("maxRuns is a whole number of at least 1");
    const windowMs = window === undefined ? null : parseDuration(window);
    if (windowMs === 0) throw invalid("window is longer than nothing; catchup: false makes up for none");
    return {
      isOn: true,
      since: since === undefined ? null : parseInstant(since, timezone),
      maxRuns: maxRuns ?? null,
      windowMs,
    };
  } catch (error) {
    if (!isMillraceError(error)) throw invalid("it throws when it is read");
    throw error.code === "CATCHUP_INVALID" ? error : invalid(`${error.message}. ${error.cure}`);
  }
}

/** True for what can be read again and again: an object with `name`, `every` and `read`. */
export function isCatchupSource(value: unknown): value is CatchupSource {
  return (
    typeof value === "object" &&
    value !== null &&
    "read" in value &&
    typeof value.read === "function" &&
    "every" in value
  );
}

/** As JSON for people, events and snapshots; `parseCatchup` reads it back. */
export function catchupText({ isOn, since, maxRuns, windowMs }: Catchup): CatchupSetting {
  if (since === null && maxRuns === null && windowMs === null) return isOn;
  return {
    ...(since === null ? {} : { since: new Date(since).toISOString() }),
    ...(maxRuns === null ? {} : { maxRuns }),
    ...(windowMs === null ? {} : { window: windowText(windowMs) }),
  };
}

/** True for settings that say the same. */
export function isSameCatchup(one: Catchup, other: Catchup): boolean {
  return (["isOn", "since", "maxRuns", "windowMs"] as const).every((name) => one[name] === other[name]);
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** The duration in the largest unit that it is a whole number of. */
function windowText(ms: number): DurationInput {
  const unit = units.find(([, unitMs]) => ms % unitMs === 0);
  return unit ? `${ms / unit[1]}${unit[0]}` : { milliseconds: ms };
}
