import { coreError, type MillraceError } from "../errors.ts";
import type { Outcome, RunRow, XComRow } from "../store/contract.ts";
import type { Desk } from "./desk.ts";
import { LiveRun } from "./live-run.ts";
import type { CreateMessage, FoundMessage, ReprocessMessage } from "./messages.ts";
import type { RunReading } from "./readings.ts";
import type { RunRequest } from "./requests.ts";
import type { RunBook } from "./run-book.ts";

/** What becomes of a run that is to be made. */
export interface RunMade {
  created(row: RunRow): void;
  /** There is one already. */
  exists(found: Extract<Outcome, { readonly status: "exists" }>): void;
  failed(error: MillraceError): void;
}

/** Runs that are made: because somebody asks for them, because they are due, or for a backfill. */
export class NewRuns {
  readonly #desk: Desk;
  readonly #book: Pick<RunBook, "introduce" | "restore">;
  /** Runs that a request found to be its own after the answer was lost. */
  readonly #claimed = new Set<number>();

  constructor(desk: Desk, book: Pick<RunBook, "introduce" | "restore">) {
    this.#desk = desk;
    this.#book = book;
  }

  /** A run that somebody asks for. */
  create(message: CreateMessage): void {
    const { request, resolve, reject } = message;
    const { plan, now: at } = this.#desk;
    // Those of backfills come by the thousand, and are made again by their plan.
    if (request.type !== "backfill") plan.isRequest = true;
    message.sentAt.push(at);
    this.make(request, at, {
      created: ({ runNo }) => resolve({ runNo, runId: request.runId, state: "queued", isNew: true }),
      exists: ({ runNo, by }) => this.#desk.post({ kind: "found", create: message, runNo, by, reject }),
      failed: reject,
    });
  }

  /** Has a run made with the group of this tick; what becomes of it is told once that is stored. */
  make(request: RunRequest, at: number, told: RunMade): void {
    const {
      version,
      runId,
      type,
      logicalDate,
      intervalStart,
      intervalEnd,
      idempotencyKey,
      paramsText: params,
      confText: conf,
    } = request;
    const row = {
      dagNo: version.of.dagNo,
      versionNo: version.versionNo,
      runId,
      type,
      logicalDate,
      intervalStart,
      intervalEnd,
      idempotencyKey,
      params,
      conf,
    };
    this.#desk.plan.add({ kind: "createRun", ...row, backfill: request.backfill, at }, (outcome) => {
      if (outcome.status === "exists") return told.exists(outcome);
      if (outcome.status === "refused" && request.backfill)
        return told.failed(coreError("BACKFILL_ITEM_REFUSED", { ...request.backfill, why: outcome.reason }));
      if (outcome.status !== "created")
        return told.failed(coreError("STORE_FAILED", { why: `it answered '${outcome.status}' to a new run` }));
      const stored: RunRow = {
        ...row,
        runNo: outcome.runNo,
        dagId: version.of.dagId,
        state: "queued",
        backfillNo: request.backfill?.backfillNo ?? null,
        note: null,
        createdAt: at,
        startedAt: null,
        endedAt: null,
      };
      this.#book.introduce(new LiveRun(stored, version, outcome.firstTaskInstanceNo, request.params, request.conf));
      told.created(stored);
    });
  }

  /** A run that has ended runs again for a backfill, as its item and the version say. Whether refused or not, it is read. */
  reprocess({ runNo, place, version, resolve, reject }: ReprocessMessage, xcoms: readonly XComRow[] = []): void {
    const { plan, services, now: at } = this.#desk;
    const { versionNo, of } = version;
    plan.add({ kind: "reprocessRun", runNo, ...place, versionNo, at }, (outcome) => {
      this.#desk.post({ kind: "adopt", runNo, why: "wanted" });
      if (outcome.status === "refused")
        return reject(coreError("BACKFILL_ITEM_REFUSED", { ...place, why: outcome.reason }));
      if (xcoms.length > 0) services.purger.add({ dagId: of.dagId, runId: `number ${runNo}` }, xcoms);
      resolve();
    });
  }

  /**
   * The run that a request met: the one that it asks for by its idempotency key; or its own, when the answer to an
   * earlier try was lost; or somebody else's. One that has not ended goes on.
   */
  found({ create, by, reject }: FoundMessage, reading: RunReading): void {
    const { stored } = reading;
    if (!stored) return reject(coreError("STORE_FAILED", { why: "a run that it found is gone" }));
    const { row } = stored;
    const { request, sentAt } = create;
    const isOwn =
      sentAt.length > 1 &&
      sentAt.includes(row.createdAt) &&
      row.runId === request.runId &&
      row.idempotencyKey === request.idempotencyKey &&
      !this.#claimed.has(row.runNo);
    const isAskedFor = request.idempotencyKey !== null && row.idempotencyKey === request.idempotencyKey;
    if (!isOwn && !isAskedFor)
      return reject(coreError("RUN_EXISTS", { dagId: row.dagId, runId: row.runId, by: by.replace("_", " ") }));
    if (isOwn) this.#claimed.add(row.runNo);
    const error = this.#desk.runs.has(row.runNo) ? undefined : this.#book.restore(stored, reading);
    if (error) return reject(error);
    this.#desk.plan.after(() => create.resolve({ runNo: row.runNo, runId: row.runId, state: row.state, isNew: isOwn }));
  }
}
