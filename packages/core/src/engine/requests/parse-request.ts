import { z } from "zod";
import { coreError, type MillraceError } from "../../errors.ts";
import { TASK_STATES } from "../../lifecycle/states.ts";
import type { RequestRow } from "../../store/contract.ts";
import type { EngineRequest } from "./request.ts";

/** Largest request that is read, in characters. */
const longestPayload = 4_194_304;

const id = z.string().max(1_000);
const ofRun = { dagId: id, runId: id };
const dryRun = z.boolean().optional();
const mapIndex = z.int().min(-1).optional();
const selection = z.strictObject({
  tasks: z.array(id).max(10_000).optional(),
  mapIndex,
  states: z.array(z.enum(TASK_STATES)).optional(),
  upstream: z.boolean().optional(),
  downstream: z.boolean().optional(),
});

const requests = z.discriminatedUnion("operation", [
  z.strictObject({
    operation: z.literal("trigger"),
    dagId: id,
    params: z.unknown().optional(),
    conf: z.record(z.string(), z.unknown()).optional(),
    logicalDate: z.string().max(100).optional(),
    runId: id.optional(),
    idempotencyKey: id.optional(),
  }),
  z.strictObject({ operation: z.literal("cancel"), ...ofRun, reason: id.optional() }),
  z.strictObject({ operation: z.literal("retry"), ...ofRun, dryRun }),
  z.strictObject({ operation: z.literal("clear"), ...ofRun, selection, dryRun }),
  z.strictObject({
    operation: z.literal("mark"),
    ...ofRun,
    selection,
    state: z.enum(["success", "failed", "skipped"]),
    dryRun,
  }),
  z.strictObject({
    operation: z.literal("clearXComs"),
    ...ofRun,
    task: id.optional(),
    mapIndex,
    keys: z.array(id).max(10_000).optional(),
    dryRun,
  }),
  z.strictObject({
    operation: z.literal("renewXComs"),
    after: z.strictObject({ taskInstanceNo: z.int().min(0), key: id }).optional(),
    limit: z.int().min(1).optional(),
    dryRun,
  }),
  z.strictObject({ operation: z.enum(["pause", "unpause"]), dagId: id }),
  z.strictObject({
    operation: z.literal("setCatchup"),
    dagId: id,
    // What is in it is looked over with the DAG's time zone.
    setting: z.union([z.boolean(), z.null(), z.record(z.string(), z.unknown())]),
  }),
  z.strictObject({ operation: z.literal("setPool"), pool: id, slots: z.int().min(0) }),
  z.strictObject({ operation: z.literal("signal"), event: id }),
]);

/**
 * Reads a request as it was filed.
 *
 * @throws `REQUEST_INVALID`
 */
export function parseRequest(row: RequestRow): EngineRequest {
  const read = requests.safeParse({ ...(parsePayload(row) as object), operation: row.operation });
  if (read.success) return read.data;
  throw invalid(row, read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "));
}

/**
 * What a request says, as JSON that nobody has checked.
 *
 * @throws `REQUEST_INVALID`
 */
export function parsePayload(row: RequestRow): unknown {
  const { payload } = row;
  if (payload.length > longestPayload) throw invalid(row, `it is longer than ${longestPayload} characters`);
  try {
    return JSON.parse(payload);
  } catch {
    throw invalid(row, "it is not JSON");
  }
}

function invalid({ operation }: RequestRow, why: string): MillraceError {
  return coreError("REQUEST_INVALID", { operation: operation.slice(0, 100), why });
}
