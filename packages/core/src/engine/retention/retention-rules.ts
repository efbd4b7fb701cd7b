import { isPlainRecord } from "../../authoring/option-reader.ts";
import { coreError, shown } from "../../errors.ts";
import { type DurationInput, parseDuration } from "../../time/duration.ts";

/** How long runs of a DAG are kept, and how many. What one of the two does not keep is removed. */
export interface RunRetention {
  /** Runs that ended longer ago are removed; `false`: none for its age. Default 365 d. */
  readonly olderThan?: DurationInput | false;
  /** So many of a DAG's runs that have ended are kept, those that ended last; `false`: any number. Default 10,000. */
  readonly keep?: number | false;
}

/** How long something is kept. */
export interface AgeRetention {
  /** What is older is removed; `false`: nothing. */
  readonly olderThan?: DurationInput | false;
}

/** What is removed from the store as time goes by. `false` anywhere: nothing of that. */
export interface RetentionOptions {
  /** Runs that have ended, with their task instances, XComs, state, logs and events. */
  readonly runs?: RunRetention | false;
  /** XComs of runs that are kept: by when their run ended, or of all but so many of a DAG's runs. Default: 90 d, any number. */
  readonly xcoms?: RunRetention | false;
  /** What tasks logged, of runs that are kept. Default: 30 d. */
  readonly logs?: AgeRetention | false;
  /** Events, of runs that are kept and of all else. Default: 90 d. */
  readonly events?: AgeRetention | false;
  /** Other rules for runs of some DAGs, by id; what they leave out is as in `runs`. */
  readonly dags?: Readonly<Record<string, RunRetention | false>>;
}

/** The rule for runs of one DAG: `null` where nothing is removed for that. */
export interface RunRule {
  readonly olderThanMs: number | null;
  readonly keep: number | null;
}

export interface RetentionRules {
  readonly runs: RunRule;
  readonly dags: ReadonlyMap<string, RunRule>;
  /** For XComs of runs that stay. */
  readonly xcoms: RunRule;
  readonly logsMs: number | null;
  readonly eventsMs: number | null;
}

/** What holds where nothing is set. */
export const retentionDefaults = {
  runs: { olderThan: "365d", keep: 10_000 },
  xcoms: { olderThan: "90d", keep: false },
  logs: { olderThan: "30d" },
  events: { olderThan: "90d" },
} as const satisfies RetentionOptions;

const known = {
  "": ["runs", "xcoms", "logs", "events", "dags"],
  runs: ["olderThan", "keep"],
  age: ["olderThan"],
} as const;

/**
 * Rules from options, with the defaults filled in.
 *
 * @throws `RETENTION_INVALID`
 */
export function parseRetention(options: RetentionOptions | false = {}): RetentionRules {
  if (options === false) return { runs: keepAll, dags: new Map(), xcoms: keepAll, logsMs: null, eventsMs: null };
  const given = recordOf("retention", options, known[""]);
  const dags = recordOf("retention.dags", given["dags"] ?? {});
  const runs = runRule("retention.runs", given["runs"], defaultsOf(retentionDefaults.runs));
  return {
    runs,
    dags: new Map(Object.entries(dags).map(([id, rule]) => [id, runRule(`retention.dags.${id}`, rule, runs)])),
    xcoms: runRule("retention.xcoms", given["xcoms"], defaultsOf(retentionDefaults.xcoms)),
    logsMs: ageMs("retention.logs", given["logs"], retentionDefaults.logs.olderThan),
    eventsMs: ageMs("retention.events", given["events"], retentionDefaults.events.olderThan),
  };
}

/** Whether nothing at all is to be removed. */
export function keepsEverything({ runs, dags, xcoms, logsMs, eventsMs }: RetentionRules): boolean {
  const keeps = ({ olderThanMs, keep }: RunRule): boolean => olderThanMs === null && keep === null;
  return keeps(runs) && keeps(xcoms) && [...dags.values()].every(keeps) && logsMs === null && eventsMs === null;
}

const keepAll: RunRule = { olderThanMs: null, keep: null };

function defaultsOf({ olderThan, keep }: { readonly olderThan: string; readonly keep: number | false }): RunRule {
  return { olderThanMs: parseDuration(olderThan), keep: keep === false ? null : keep };
}

function runRule(setting: string, value: unknown, byDefault: RunRule): RunRule {
  if (value === undefined) return byDefault;
  if (value === false) return keepAll;
  const { olderThan, keep } = recordOf(setting, value, known.runs);
  return {
    olderThanMs: olderThan === undefined ? byDefault.olderThanMs : durationMs(`${setting}.olderThan`, olderThan),
    keep: keep === undefined ? byDefault.keep : countOf(`${setting}.keep`, keep),
  };
}

function ageMs(setting: string, value: unknown, byDefault: DurationInput): number | null {
  if (value === false) return null;
  const { olderThan = byDefault } = recordOf(setting, value ?? {}, known.age);
  return durationMs(`${setting}.olderThan`, olderThan);
}

function durationMs(setting: string, value: unknown): number | null {
  if (value === false) return null;
  try {
    return parseDuration(value as DurationInput);
  } catch {
    throw wrong(setting, value, "a duration such as '90d', or false, is expected");
  }
}

function countOf(setting: string, value: unknown): number | null {
  if (value === false) return null;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1)
    throw wrong(setting, value, "a whole number from 1 up, or false, is expected");
  return value;
}

function recordOf(setting: string, value: unknown, names?: readonly string[]): Readonly<Record<string, unknown>> {
  if (!isPlainRecord(value)) throw wrong(setting, value, "an object, or false, is expected");
  const record = value as Readonly<Record<string, unknown>>;
  const other = names && Object.keys(record).find((name) => !names.includes(name));
  if (other !== undefined) throw wrong(`${setting}.${other}`, record[other], `only ${names?.join(", ")} can be set`);
  return record;
}

function wrong(setting: string, value: unknown, expected: string): Error {
  return coreError("RETENTION_INVALID", { setting: shown(setting, 300).slice(1, -1), value: shown(value), expected });
}
