import { decodeValue } from "@millrace/core/plugin";
import fc from "fast-check";

/** A `Temporal` value of the class that core knows: on Node 24 that is one of the polyfill. */
function temporal(type: string, text: string): unknown {
  return decodeValue(JSON.stringify({ $millrace: [`Temporal.${type}`, text] }));
}

const date = fc.date({
  min: new Date("0001-01-01T00:00:00Z"),
  max: new Date("9999-12-31T00:00:00Z"),
  noInvalidDate: true,
});

const temporals = fc.oneof(
  date.map((at) => temporal("Instant", at.toISOString())),
  fc
    .tuple(date, fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"))
    .map(([at, zone]) =>
      (temporal("Instant", at.toISOString()) as { toZonedDateTimeISO(zone: string): unknown }).toZonedDateTimeISO(zone),
    ),
  date.map((at) => temporal("PlainDate", at.toISOString().slice(0, 10))),
  date.map((at) => temporal("PlainTime", at.toISOString().slice(11, 23))),
  date.map((at) => temporal("PlainDateTime", at.toISOString().slice(0, 23))),
  date.map((at) => temporal("PlainYearMonth", at.toISOString().slice(0, 7))),
  fc.record({ days: fc.nat(9_999), hours: fc.nat(23), minutes: fc.nat(59), ms: fc.nat(999) }).map(
    // Balanced: a duration's text is then its own.
    ({ days, hours, minutes, ms }) =>
      temporal("Duration", `P${days}DT${hours}H${minutes}M0.${`${ms}`.padStart(3, "0")}S`),
  ),
);

/** Keys that plain objects take badly. */
const key = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 12, unit: "binary" }) },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "$millrace", "toString", "length", "") },
);

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_SAFE_INTEGER),
  fc.string({ unit: "binary" }),
  fc.constantFrom("👩‍👩‍👧", "e\u0301", "\ud800", "\u202e", "$millrace"),
  fc.bigInt(),
  fc.date(),
  fc.uint8Array().map((bytes) => Uint8Array.from(bytes)),
  temporals,
);

/**
 * Random values that survive the way from task to task: JSON values, and `Date, bigint, Map, Set, Uint8Array, Temporal.*,
 * NaN, ±Infinity, -0`, nested in one another. They come back as they were, with the types that they had.
 *
 * @param options - `maxDepth`: how deep they are nested; default 4
 * @example
 * ```ts
 * import { decodeValue, encodeValue } from "@millrace/core/plugin";
 * import { arbitraryXComValue } from "@millrace/testing/arbitraries";
 * import fc from "fast-check";
 *
 * fc.assert(fc.property(arbitraryXComValue(), (value) => encodeValue(decodeValue(encodeValue(value))) === encodeValue(value)));
 * ```
 */
export function arbitraryXComValue(options: { readonly maxDepth?: number } = {}): fc.Arbitrary<unknown> {
  const { maxDepth = 4 } = options;
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth, depthSize: "small", withCrossShrink: true },
      leaf,
      fc.array(tie("value"), { maxLength: 6 }),
      fc.array(fc.tuple(key, tie("value")), { maxLength: 6 }).map(recordOf),
      fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
      fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
    ),
  })).value;
}

/** Sets every key as an own property, `__proto__` too. */
function recordOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [name, value] of entries)
    Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
  return record;
}
