import type { Dag } from "@millrace/core";
import { formatInstant, type ServiceHost } from "@millrace/core/engine";
import type { BackfillItem, BackfillRow } from "@millrace/core/plugin";
import { backfillError } from "../errors.ts";
import { compareBackfillPlans } from "../plan/compare-plans.ts";
import { type FullPlan, usualMaxActive } from "../plan/plan-backfill.ts";
import { type BackfillSpec, wholeNumber } from "../plan/plan-options.ts";
import type { BackfillPlan } from "../plan/planned-run.ts";
import type { StoredSpec } from "./backfill-progress.ts";
import { previewInFull } from "./preview-backfill.ts";
import { addBackfill, addItems, moveBackfill } from "./sure-writes.ts";

/** How a backfill is made. */
export interface CreateBackfillOptions {
  /** Runs that are active at once. The DAG's `maxActiveRuns` holds besides. Default 10. */
  readonly maxActive?: number;
  /** The preview that was agreed to, or its digest: what has changed since is refused, and told where the plan itself is given. */
  readonly expect?: BackfillPlan | string;
  /** Default: made from the DAG's id. Asking again with an id that is there gives that backfill. */
  readonly backfillId?: string;
}

/** What is said of a backfill whose preparation was cut off by the end of its engine. */
export const cutOffNote = "its preparation was cut off by the end of the engine; create it again";

/** Items that are added in one group. */
const pageSize = 1_000;
/** Dates that a refusal names. */
const mostNamed = 20;

const idPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,249}$/;

/**
 * Plans by what the store says now, and stores the plan, page by page.
 *
 * @throws `BACKFILL_STALE`, `BACKFILL_EMPTY`, `BACKFILL_CONFLICT`, and what planning throws
 */
export async function createBackfill(
  host: ServiceHost,
  dag: Dag,
  spec: BackfillSpec,
  options: CreateBackfillOptions & { readonly backfillId: string },
): Promise<BackfillRow> {
  const { store, clock } = host;
  const maxActive = wholeNumber("maxActive", options.maxActive ?? usualMaxActive);
  checkId(options.backfillId);
  const known = await findKnown(host, options.backfillId);
  if (typeof known !== "string") return known;
  const full = await previewInFull(dag, spec, { store, clock, maxActive });
  const { plan } = full;
  if (options.expect !== undefined) checkExpected(dag.id, options.expect, plan);
  if (plan.counts.total === plan.counts.skip)
    throw backfillError("BACKFILL_EMPTY", { dagId: dag.id, total: plan.counts.total });
  const dagNo = (await store.dags.get(dag.id))?.dagNo ?? 0;
  const stored = JSON.stringify(storedSpec(spec, full));
  const at = clock.now();
  const backfillNo = await addBackfill(host, { backfillId: known, dagNo, spec: stored, maxActive, at });
  try {
    await addAllItems(host, backfillNo, full);
    await activate(host, backfillNo, dag.id);
  } catch (error) {
    const cancelled = { from: ["preparing"], to: "cancelled", note: "it could not be prepared" } as const;
    await moveBackfill(host, backfillNo, cancelled).catch(() => undefined);
    throw error;
  }
  return (await store.backfills.get(backfillNo)) as BackfillRow;
}

/** The backfill that was made for this id, or the id that one is to get. */
async function findKnown({ store }: ServiceHost, backfillId: string): Promise<BackfillRow | string> {
  for (let round = 1; ; round++) {
    const id = round === 1 ? backfillId : `${backfillId}.${round}`;
    const row = await store.backfills.find(id);
    if (!row) return id;
    if (row.note !== cutOffNote) return row;
  }
}

function checkExpected(dagId: string, expected: BackfillPlan | string, plan: BackfillPlan): void {
  const digest = typeof expected === "string" ? expected : expected.digest;
  if (digest === plan.digest) return;
  const { create, reprocess, skip } = plan.counts;
  const now = `now ${create} would be made, ${reprocess} run again and ${skip} left alone (plan ${plan.digest})`;
  throw backfillError("BACKFILL_STALE", {
    dagId,
    digest,
    difference: typeof expected === "string" ? now : `${named(expected, plan)}; ${now}`,
  });
}

function named(before: BackfillPlan, after: BackfillPlan): string {
  const differences = compareBackfillPlans(before, after, mostNamed + 1);
  if (differences.length === 0) return "the same dates, but in another order or with other params or conf";
  const lines = differences
    .slice(0, mostNamed)
    .map((one) => `${one.logicalDate} was ${one.before ?? "not there"} and is ${one.after ?? "not there"}`);
  return `${lines.join(", ")}${differences.length > mostNamed ? " and more" : ""}`;
}

async function addAllItems(host: ServiceHost, backfillNo: number, { plan, itemAt }: FullPlan): Promise<void> {
  const { length } = plan.runs;
  for (let from = 0; from < length; from += pageSize) {
    const items: BackfillItem[] = [];
    for (let itemNo = from; itemNo < Math.min(length, from + pageSize); itemNo++) items.push(itemAt(itemNo));
    await addItems(host, backfillNo, items);
  }
}

async function activate(host: ServiceHost, backfillNo: number, dagId: string): Promise<void> {
  const why = await moveBackfill(host, backfillNo, { from: ["preparing"], to: "running", note: null });
  if (why === undefined) return;
  await moveBackfill(host, backfillNo, { from: ["preparing"], to: "cancelled", note: why });
  throw backfillError("BACKFILL_CONFLICT", { dagId, why });
}

function storedSpec({ from, to }: BackfillSpec, { plan, skipSays, onlySays }: FullPlan): StoredSpec {
  const shown = (end: BackfillSpec["from"]) => (typeof end === "string" ? end : formatInstant(end.epochMilliseconds));
  return {
    from: shown(from),
    to: shown(to),
    reprocess: plan.reprocess,
    order: plan.order,
    skip: skipSays,
    only: onlySays,
    digest: plan.digest,
  };
}

function checkId(backfillId: string): void {
  if (typeof backfillId === "string" && idPattern.test(backfillId) && !backfillId.includes("..")) return;
  throw backfillError("BACKFILL_OPTION_INVALID", {
    option: "backfillId",
    value: String(backfillId).slice(0, 80),
    expected: "1 to 250 letters, digits, '_', '-' or dots are needed",
  });
}
