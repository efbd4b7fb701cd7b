import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Dag } from "../authoring/definition.ts";
import { checkRunId, isPlainText, longestKey } from "../authoring/identifiers.ts";
import { isPlainRecord } from "../authoring/option-reader.ts";
import { coreError, shown } from "../errors.ts";
import type { RunType } from "../lifecycle/states.ts";
import type { LiveVersion } from "../scheduler/live-version.ts";
import type { RunRequest } from "../scheduler/requests.ts";
import type { BackfillPlace } from "../store/contract.ts";
import { formatInstant, type InstantInput, parseInstant } from "../time/instant.ts";
import type { Randomness } from "../time/random.ts";
import { manualInterval } from "../timetable/manual-interval.ts";
import { decodeValue, encodeValue } from "../xcom/codec.ts";

/** How a run is asked for. */
export interface RunOptions<Params = unknown> {
  /** Checked against the DAG's schema. */
  readonly params?: Params;
  /** Free-form settings that tasks see as `conf`; must be JSON. */
  readonly conf?: Readonly<Record<string, unknown>>;
  /** The instant that the run is about. Default: now. */
  readonly logicalDate?: InstantInput;
  /** Default: made from type, logical date and a random part. */
  readonly runId?: string;
  /** A second request with the same key finds the run of the first instead of making another. */
  readonly idempotencyKey?: string;
}

/** Longest params, and longest conf, as JSON: as much as another process may ask for. */
const longestText = 4_194_304;

/** Idempotency keys that begin so are the engine's own: of runs that other processes have asked for. */
export const requestKeyPrefix = "millrace-request/";

/** Requests of one millisecond must not meet: with 3 bytes, two of 1,000 do so in 3 of 100 such moments. */
const randomBytesOfId = 6;

/**
 * Checks and completes a request for a run.
 *
 * @throws `PARAMS_INVALID`, `RUN_ID_INVALID`, `INSTANT_INVALID`, `TIMETABLE_FAILED`, `REQUEST_TOO_LARGE`, `XCOM_UNSUPPORTED` (for params or conf that cannot be kept)
 */
export async function parseRunRequest(
  version: LiveVersion,
  options: RunOptions,
  around: { readonly type: RunType; readonly now: number; readonly randomness: Randomness },
): Promise<RunRequest> {
  const { dag: definition } = version;
  const at =
    options.logicalDate === undefined ? around.now : parseInstant(options.logicalDate, definition.timezone, around.now);
  const { start, end } = manualInterval(definition.schedule, at);
  const runId =
    options.runId === undefined
      ? `${around.type}__${formatInstant(start)}_${around.randomness.hex(randomBytesOfId)}`
      : checkOwnRunId(options.runId);
  const { idempotencyKey = null } = options;
  const isOwn = typeof idempotencyKey === "string" && idempotencyKey.startsWith(requestKeyPrefix);
  if (idempotencyKey !== null && (isOwn || !isPlainText(idempotencyKey, longestKey))) {
    throw coreError("DAG_OPTION_INVALID", {
      option: "idempotencyKey",
      where: "the request",
      value: shown(idempotencyKey),
      expected: `1 to ${longestKey} characters are needed, none of them a control character, and not '${requestKeyPrefix}' at the beginning`,
    });
  }
  const { conf = {} } = options;
  if (!isPlainRecord(conf)) {
    throw coreError("DAG_OPTION_INVALID", {
      option: "conf",
      where: "the request",
      value: shown(conf),
      expected: "a plain object is needed",
    });
  }
  const run = {
    runId,
    type: around.type,
    logicalDate: start,
    start,
    end,
    idempotencyKey,
    backfill: null,
  };
  return complete(version, run, { params: options.params, conf });
}

/** Ids that the engine gives by itself: a run of somebody else's must not stand where a scheduled one would. */
const reservedId = /^(?:scheduled|backfill)__/;

/** @throws `RUN_ID_INVALID` */
function checkOwnRunId(runId: string): string {
  if (!reservedId.test(checkRunId(runId))) return runId;
  throw coreError("RUN_ID_INVALID", { id: shown(runId) });
}

/** A run of a schedule or of a backfill: about a data interval, whose start is its logical date. */
export interface IntervalRun {
  readonly type: RunType;
  readonly start: number;
  readonly end: number;
  readonly params?: unknown;
  readonly conf?: Readonly<Record<string, unknown>>;
  /** The item of a backfill that it is made for. */
  readonly backfill?: BackfillPlace | null;
}

/**
 * The request for a run about a data interval. A promise only where the schema of the params gives one.
 *
 * @throws `PARAMS_INVALID`, `REQUEST_TOO_LARGE`, `XCOM_UNSUPPORTED`
 */
export function intervalRunRequest(
  version: LiveVersion,
  { type, start, end, params, conf = {}, backfill = null }: IntervalRun,
): RunRequest | Promise<RunRequest> {
  const runId = `${type}__${formatInstant(start)}`;
  return complete(
    version,
    { runId, type, logicalDate: start, start, end, idempotencyKey: null, backfill },
    { params, conf },
  );
}

/** Nothing is waited for where nothing has to be: until then the objects are as the caller gave them. */
function complete(
  version: LiveVersion,
  run: {
    readonly runId: string;
    readonly type: RunType;
    readonly logicalDate: number;
    readonly start: number;
    readonly end: number;
    readonly idempotencyKey: string | null;
    readonly backfill: BackfillPlace | null;
  },
  given: { readonly params: unknown; readonly conf: Readonly<Record<string, unknown>> },
): RunRequest | Promise<RunRequest> {
  const { dag } = version;
  const confText = textWithin("conf", given.conf, dag.id);
  const { runId, type, logicalDate, start: intervalStart, end: intervalEnd, idempotencyKey, backfill } = run;
  const withParams = (params: unknown): RunRequest => {
    const paramsText = params === undefined ? null : textWithin("params", params, dag.id);
    return {
      version,
      runId,
      type,
      logicalDate,
      intervalStart,
      intervalEnd,
      // Read back, so that tasks see what they would see after a restart, whatever the caller does with its objects.
      params: paramsText === null ? undefined : decodeValue(paramsText),
      conf: decodeValue(confText) as RunRequest["conf"],
      paramsText,
      confText: confText === "{}" ? null : confText,
      idempotencyKey,
      backfill,
    };
  };
  const checked = parseParams(dag, given.params);
  return checked instanceof Promise ? checked.then(withParams) : withParams(checked);
}

/** @throws `REQUEST_TOO_LARGE`, `XCOM_UNSUPPORTED` */
function textWithin(what: "params" | "conf", value: unknown, dagId: string): string {
  const text = encodeValue(value);
  if (text.length <= longestText) return text;
  throw coreError("REQUEST_TOO_LARGE", { what, dagId, size: text.length, limit: longestText });
}

function parseParams(dag: Dag, given: unknown): unknown {
  if (!dag.params) return given ?? {};
  const result = dag.params["~standard"].validate(given ?? {});
  return result instanceof Promise ? result.then((settled) => checkedParams(settled, dag)) : checkedParams(result, dag);
}

/** @throws `PARAMS_INVALID` */
function checkedParams(result: StandardSchemaV1.Result<unknown>, dag: Dag): unknown {
  if (!result.issues) return result.value;
  const list = result.issues.map((issue) => {
    const path = (issue.path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join(".");
    return `  - ${path === "" ? "params" : path}: ${issue.message}`;
  });
  throw coreError("PARAMS_INVALID", { dagId: dag.id, list: list.join("\n") });
}
