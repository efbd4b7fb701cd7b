import type { Dag, InstantInput } from "@millrace/core";
import { checkDagId, type Engine, type FileRequestOptions, fileRequest, formatInstant } from "@millrace/core/engine";
import {
  type BackfillItemRow,
  type BackfillState,
  type RunState,
  type Store,
  shown,
  systemClock,
} from "@millrace/core/plugin";
import { backfillError } from "../errors.ts";
import type { BackfillSpec } from "../plan/plan-options.ts";
import { type BackfillProgress, progressOf } from "./backfill-progress.ts";
import { type CancelBackfillOptions, deskOf, newBackfillId } from "./backfill-service.ts";
import type { CreateBackfillOptions } from "./create-backfill.ts";

/** Which backfills are listed. */
export interface BackfillFilter {
  readonly dagId?: string;
  readonly states?: readonly BackfillState[];
  /** Default 100, at most 10,000. */
  readonly limit?: number;
}

/** Which dates of a backfill are listed. */
export interface BackfillItemFilter {
  /** Only those behind this one: the last one of the page before. */
  readonly after?: number;
  /** Default 1,000, at most 10,000. */
  readonly limit?: number;
  /** Only those whose run is in one of these states, that wait for their turn, or that get none. */
  readonly states?: readonly (RunState | "pending" | "skipped")[];
}

/** What can be done with backfills. Every change answers how the backfill is afterwards. */
export interface Backfills {
  /**
   * Plans by what the store says now, stores the plan, and begins.
   *
   * @throws `BACKFILL_STALE` (with `expect`), `BACKFILL_CONFLICT` (dates of another backfill), `BACKFILL_EMPTY`, what planning throws
   */
  create(dag: Dag | string, spec: BackfillSpec, options?: CreateBackfillOptions): Promise<BackfillProgress>;
  /** Newest first. */
  list(filter?: BackfillFilter): Promise<readonly BackfillProgress[]>;
  /** @throws `BACKFILL_NOT_FOUND` */
  show(backfillId: string): Promise<BackfillProgress>;
  /** Its dates, in the order of their turn. @throws `BACKFILL_NOT_FOUND` */
  items(backfillId: string, filter?: BackfillItemFilter): Promise<readonly BackfillItemRow[]>;
  /** No further run is made; those that are active go on. @throws `BACKFILL_NOT_FOUND`, `BACKFILL_STATE` */
  pause(backfillId: string): Promise<BackfillProgress>;
  /** @throws `BACKFILL_NOT_FOUND`, `BACKFILL_STATE` */
  resume(backfillId: string): Promise<BackfillProgress>;
  /** What has not begun never does, and runs that are active are cancelled unless `keepRunning`. @throws `BACKFILL_NOT_FOUND`, `BACKFILL_STATE` */
  cancel(backfillId: string, options?: CancelBackfillOptions): Promise<BackfillProgress>;
  /** Its failed runs are run again from the tasks that failed, also when it has ended. @throws `BACKFILL_NOT_FOUND`, `BACKFILL_STATE`, `BACKFILL_NOTHING_FAILED` */
  retryFailed(backfillId: string): Promise<BackfillProgress>;
  /** How many of its runs may be active at once from now on. @throws `BACKFILL_NOT_FOUND`, `BACKFILL_OPTION_INVALID` */
  setMaxActive(backfillId: string, maxActive: number): Promise<BackfillProgress>;
}

type Changes = Omit<Backfills, "list" | "show" | "items">;

/** Reading needs the store only: also one that is opened as a reader, without an engine. */
export function readBackfills(
  store: Pick<Store, "backfills">,
  clock: { now(): number } = systemClock,
): Pick<Backfills, "list" | "show" | "items"> {
  const find = async (backfillId: string) => {
    const row = await store.backfills.find(backfillId);
    if (row) return row;
    throw backfillError("BACKFILL_NOT_FOUND", { backfillId: String(backfillId).slice(0, 250) });
  };
  return {
    list: async (filter = {}) => (await store.backfills.list(filter)).map((row) => progressOf(row, clock.now())),
    show: async (backfillId) => progressOf(await find(backfillId), clock.now()),
    items: async (backfillId, filter = {}) =>
      store.backfills.items({ ...filter, backfillNo: (await find(backfillId)).backfillNo }),
  };
}

/**
 * The backfills of an engine in this process, which works with a `backfillService`.
 *
 * @throws `BACKFILL_SERVICE_MISSING`
 */
export function backfills(engine: Engine): Backfills {
  const desk = deskOf(engine);
  return {
    ...readBackfills(desk.host.store, desk.host.clock),
    create: async (dag, spec, options = {}) =>
      desk.create(desk.dag(typeof dag === "string" ? dag : dag.id), spec, options),
    pause: (backfillId) => desk.pause(backfillId),
    resume: (backfillId) => desk.resume(backfillId),
    cancel: (backfillId, options = {}) => desk.cancel(backfillId, options),
    retryFailed: (backfillId) => desk.retryFailed(backfillId),
    setMaxActive: (backfillId, maxActive) => desk.setMaxActive(backfillId, maxActive),
  };
}

/**
 * The backfills of an engine in another process, which is asked through the store: selectors, params and conf must be plain
 * data then. Of a preview only its digest is sent; compare plans yourself (`compareBackfillPlans`) when it is stale.
 */
export function remoteBackfills(options: FileRequestOptions): Backfills {
  const ask = (operation: string, payload: object): Promise<BackfillProgress> =>
    fileRequest({ operation: `backfill.${operation}`, ...payload }, options) as Promise<BackfillProgress>;
  const changes: Changes = {
    create: async (dag, spec, { expect, maxActive, backfillId } = {}) => {
      const dagId = checkDagId(typeof dag === "string" ? dag : dag.id);
      return ask("create", {
        dagId,
        spec: plainSpec(spec),
        maxActive,
        expect: typeof expect === "object" ? expect.digest : expect,
        backfillId: backfillId ?? newBackfillId(dagId, options.randomness),
      });
    },
    pause: (backfillId) => ask("pause", { backfillId }),
    resume: (backfillId) => ask("resume", { backfillId }),
    cancel: (backfillId, { keepRunning } = {}) => ask("cancel", { backfillId, keepRunning }),
    retryFailed: (backfillId) => ask("retryFailed", { backfillId }),
    setMaxActive: (backfillId, maxActive) => ask("setMaxActive", { backfillId, maxActive }),
  };
  return { ...readBackfills(options.store, options.clock), ...changes };
}

function plainSpec({ from, to, skip, only, params, conf, ...others }: BackfillSpec): object {
  const instant = (value: InstantInput) => (typeof value === "string" ? value : formatInstant(value.epochMilliseconds));
  for (const [option, value] of Object.entries({ params, conf }))
    if (typeof value === "function") throw notPlain(option, value);
  for (const [option, list] of Object.entries({ skip, only }))
    for (const selector of list ?? [])
      if (
        typeof selector === "function" ||
        (typeof selector === "object" && !("dates" in selector) && !("ics" in selector))
      )
        throw notPlain(option, selector);
  return { ...others, from: instant(from), to: instant(to), skip, only, params, conf };
}

function notPlain(option: string, value: unknown) {
  const expected = "another process can only be sent plain data: texts, { dates }, { ics } and JSON";
  return backfillError("BACKFILL_OPTION_INVALID", { option, value: shown(value), expected });
}
