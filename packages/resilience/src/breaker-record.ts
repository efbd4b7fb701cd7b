/** CLOSED lets calls through, OPEN refuses them, HALF_OPEN lets one probe through. */
export type BreakerState = "CLOSED" | "OPEN" | "HALF_OPEN";

/** What is stored of a breaker: plain data, shared by every process that uses the same store and name. */
export interface BreakerRecord {
  readonly v: 1;
  readonly state: BreakerState;
  /** Grows with every transition; the outcome of a call that began before it says nothing about the present. */
  readonly generation: number;
  /** Failures in a row. */
  readonly failureCount: number;
  /** State of the trip rule, as the rule gave it. */
  readonly trip: unknown;
  /** Held open by hand until `reset()`. */
  readonly isolated: boolean;
  readonly openedAt: number | null;
  readonly openForMs: number;
  /** Openings since the breaker was last closed: makes the open period grow. */
  readonly openings: number;
  /** Probes that succeeded in this half-open period. */
  readonly probeSuccesses: number;
  /** Who may probe at present, and until when the claim holds. */
  readonly probe: { readonly token: string; readonly until: number } | null;
  readonly lastFailure: BreakerFailure | null;
  readonly changedAt: number;
}

export interface BreakerFailure {
  readonly at: number;
  readonly name: string;
  /** At most 200 characters. */
  readonly message: string;
}

export function newRecord(trip: unknown, at: number): BreakerRecord {
  return {
    v: 1,
    state: "CLOSED",
    generation: 0,
    failureCount: 0,
    trip,
    isolated: false,
    openedAt: null,
    openForMs: 0,
    openings: 0,
    probeSuccesses: 0,
    probe: null,
    lastFailure: null,
    changedAt: at,
  };
}

export type ParsedRecord =
  | { readonly status: "read"; readonly record: BreakerRecord }
  | { readonly status: "corrupt" }
  | { readonly status: "newer" };

/** Reads a stored record. Text that is no record is `corrupt`; one of a later version is `newer` and left alone. */
export function parseRecord(text: string): ParsedRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { status: "corrupt" };
  }
  if (typeof value !== "object" || value === null) return { status: "corrupt" };
  const record = value as Partial<Record<keyof BreakerRecord, unknown>>;
  if (typeof record.v === "number" && record.v > 1) return { status: "newer" };
  const isRecord =
    record.v === 1 &&
    (record.state === "CLOSED" || record.state === "OPEN" || record.state === "HALF_OPEN") &&
    isCount(record.generation) &&
    isCount(record.failureCount) &&
    typeof record.isolated === "boolean" &&
    (record.openedAt === null || isNumber(record.openedAt)) &&
    isNumber(record.openForMs) &&
    isCount(record.openings) &&
    isCount(record.probeSuccesses) &&
    isNumber(record.changedAt) &&
    isProbe(record.probe) &&
    isFailure(record.lastFailure);
  return isRecord ? { status: "read", record: value as BreakerRecord } : { status: "corrupt" };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isProbe(value: unknown): boolean {
  if (value === null) return true;
  const probe = value as Partial<NonNullable<BreakerRecord["probe"]>> | undefined;
  return typeof probe?.token === "string" && isNumber(probe.until);
}

function isFailure(value: unknown): boolean {
  if (value === null) return true;
  const failure = value as Partial<BreakerFailure> | undefined;
  return typeof failure?.name === "string" && typeof failure.message === "string" && isNumber(failure.at);
}

/** What is kept of an error: its name and the beginning of its message, without control characters. */
export function failureOf(error: unknown, at: number): BreakerFailure {
  const name = error instanceof Error ? error.name : typeof error;
  const message = error instanceof Error ? error.message : String(error);
  return { at, name: name.slice(0, 80), message: message.slice(0, 200).replace(/[\u0000-\u001f\u007f-\u009f]/g, " ") };
}
