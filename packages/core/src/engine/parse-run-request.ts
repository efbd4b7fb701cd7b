import type { Dag } from "../authoring/definition.ts";
import { checkRunId, isPlainText, longestKey } from "../authoring/identifiers.ts";
import { isPlainRecord } from "../authoring/option-reader.ts";
import { coreError, shown } from "../errors.ts";
import type { RunType } from "../lifecycle/states.ts";
import type { LiveVersion } from "../scheduler/live-version.ts";
import type { RunRequest } from "../scheduler/requests.ts";
import { formatInstant, type InstantInput, parseInstant } from "../time/instant.ts";
import type { Randomness } from "../time/random.ts";
import { encodeValue } from "../xcom/codec.ts";

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

/** Requests of one millisecond must not meet: with 3 bytes, two of 1,000 do so in 3 of 100 such moments. */
const randomBytesOfId = 6;

/**
 * Checks and completes a request for a run.
 *
 * @throws `PARAMS_INVALID`, `RUN_ID_INVALID`, `INSTANT_INVALID`, `XCOM_UNSUPPORTED` (for params or conf that cannot be kept)
 */
export async function parseRunRequest(
  version: LiveVersion,
  options: RunOptions,
  around: { readonly type: RunType; readonly now: number; readonly randomness: Randomness },
): Promise<RunRequest> {
  const { dag: definition } = version;
  const logicalDate =
    options.logicalDate === undefined ? around.now : parseInstant(options.logicalDate, definition.timezone, around.now);
  const runId =
    options.runId === undefined
      ? `${around.type}__${formatInstant(logicalDate)}_${around.randomness.hex(randomBytesOfId)}`
      : checkRunId(options.runId);
  const { idempotencyKey = null } = options;
  if (idempotencyKey !== null && !isPlainText(idempotencyKey, longestKey)) {
    throw coreError("DAG_OPTION_INVALID", {
      option: "idempotencyKey",
      where: "the request",
      value: shown(idempotencyKey),
      expected: `1 to ${longestKey} characters are needed, none of them a control character`,
    });
  }
  const params = await parseParams(definition, options.params);
  const { conf = {} } = options;
  if (!isPlainRecord(conf)) {
    throw coreError("DAG_OPTION_INVALID", {
      option: "conf",
      where: "the request",
      value: shown(conf),
      expected: "a plain object is needed",
    });
  }
  return {
    version,
    runId,
    type: around.type,
    logicalDate,
    intervalStart: logicalDate,
    intervalEnd: logicalDate,
    params,
    conf,
    paramsText: params === undefined ? null : encodeValue(params),
    confText: Object.keys(conf).length === 0 ? null : encodeValue(conf),
    idempotencyKey,
  };
}

async function parseParams(dag: Dag, given: unknown): Promise<unknown> {
  if (!dag.params) return given ?? {};
  const result = await dag.params["~standard"].validate(given ?? {});
  if (!result.issues) return result.value;
  const list = result.issues.map((issue) => {
    const path = (issue.path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join(".");
    return `  - ${path === "" ? "params" : path}: ${issue.message}`;
  });
  throw coreError("PARAMS_INVALID", { dagId: dag.id, list: list.join("\n") });
}
