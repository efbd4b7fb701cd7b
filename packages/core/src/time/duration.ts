import type { StandardSchemaV1 } from "@standard-schema/spec";
import { coreError, isMillraceError, shown } from "../errors.ts";
import type { TemporalDuration } from "./temporal.ts";

/** A length of time as people write it. A `Temporal.Duration` may have no years, months or weeks of unclear length. */
export type DurationInput = string | DurationParts | TemporalDuration;

export interface DurationParts {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
}

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const partMs = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1_000, milliseconds: 1 } as const;
const text = /^(?:\d{1,12}(?:\.\d{1,6})?(?:ms|[dhms]) ?){1,5}$/;
const piece = /(\d+(?:\.\d+)?)(ms|[dhms])/g;

/**
 * A duration in milliseconds (a day is 24 hours, weeks are 7 of them).
 *
 * @throws `DURATION_INVALID` for anything that is not a duration, or negative.
 * @example
 * ```ts
 * import { parseDuration } from "@millrace/core";
 * console.log(parseDuration("1m30s")); // 90000
 * ```
 */
export function parseDuration(value: DurationInput): number {
  const ms =
    typeof value === "string"
      ? fromText(value)
      : typeof value === "object" && value !== null
        ? fromParts(value)
        : Number.NaN;
  if (!Number.isFinite(ms) || ms < 0) throw coreError("DURATION_INVALID", { value: shown(value) });
  return ms;
}

function fromText(value: string): number {
  if (!text.test(value)) return Number.NaN;
  let ms = 0;
  for (const [, amount, unit] of value.matchAll(piece)) ms += Number(amount) * unitMs[unit as keyof typeof unitMs];
  return ms;
}

function fromParts(value: DurationParts | TemporalDuration): number {
  if ("total" in value && typeof value.total === "function") {
    if (value.years !== 0 || value.months !== 0) return Number.NaN;
    return (
      value.weeks * 7 * unitMs.d +
      value.days * unitMs.d +
      value.hours * unitMs.h +
      value.minutes * unitMs.m +
      value.seconds * unitMs.s +
      value.milliseconds +
      value.microseconds / 1_000 +
      value.nanoseconds / 1_000_000
    );
  }
  let ms = 0;
  let known = 0;
  for (const [part, amount] of Object.entries(value)) {
    if (!Object.hasOwn(partMs, part) || typeof amount !== "number" || amount < 0) return Number.NaN;
    ms += amount * partMs[part as keyof typeof partMs];
    known++;
  }
  return known === 0 ? Number.NaN : ms;
}

/** A duration for people: the two largest units, for example `1 h 5 min` or `340 ms`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  if (minutes < 2_880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1_440)} d ${Math.floor((minutes % 1_440) / 60)} h`;
}

/**
 * A Standard Schema for durations: accepts what {@link parseDuration} does and gives milliseconds.
 * Use it inside a schema of params or configuration.
 */
export const duration: StandardSchemaV1<DurationInput, number> = {
  "~standard": {
    version: 1,
    vendor: "millrace",
    validate: (value) => {
      try {
        return { value: parseDuration(value as DurationInput) };
      } catch (error) {
        if (!isMillraceError(error)) throw error;
        return { issues: [{ message: `${error.message}. ${error.cure}` }] };
      }
    },
  },
};
