import type { ServiceHost } from "@millrace/core/engine";
import { type BackfillItemRow, type BackfillRow, decodeValue, type RunRow } from "@millrace/core/plugin";
import { backfillError } from "../errors.ts";
import type { StoredSpec } from "./backfill-progress.ts";

/** Makes the run of an item; resolves with its number, or `undefined` when it cannot be made as it was planned. */
export type MakeRun = () => Promise<number | undefined>;

/** Makes the runs of one backfill. What was planned may have been overtaken: then the item is settled anew. */
export class RunMaker {
  readonly #host: ServiceHost;
  readonly #backfill: BackfillRow;
  readonly #reprocess: StoredSpec["reprocess"];

  constructor(host: ServiceHost, backfill: BackfillRow) {
    this.#host = host;
    this.#backfill = backfill;
    this.#reprocess = (JSON.parse(backfill.spec) as StoredSpec).reprocess;
  }

  /** Everything that has to be read before; what it gives asks the engine at once, so that runs are made in turn. */
  async prepare(item: BackfillItemRow): Promise<MakeRun> {
    if (item.action === "create") return () => this.#create(item);
    const run = await this.#runOf(item);
    return async () => (run && this.#isToBeRunAgain(run) ? this.#runAgain(item, run) : undefined);
  }

  /**
   * Decides by what is there now about an item that could not be made as planned, and makes or skips it.
   *
   * @throws `BACKFILL_REFUSED`
   */
  async settle(item: BackfillItemRow): Promise<void> {
    const now = await this.#host.store.backfills.get(item.backfillNo);
    // Its turn may be over: the answer to its first making was lost. Or it is not the time for turns.
    if (now?.state !== "running" || now.nextItem !== item.itemNo) return;
    const run = await this.#runOf(item);
    if (!run) await this.#create(item);
    else if (this.#isToBeRunAgain(run)) await this.#runAgain(item, run);
    else await this.#skip(item, run);
    const after = await this.#host.store.backfills.get(item.backfillNo);
    if (after?.state !== "running" || after.nextItem !== item.itemNo) return;
    // Tried again and again it would hold up the engine.
    const why = `item ${item.itemNo} can neither be made, run again nor skipped`;
    throw backfillError("BACKFILL_REFUSED", { backfillId: this.#backfill.backfillId, why });
  }

  async #create({ backfillNo, itemNo, intervalStart: start, intervalEnd: end, params, conf }: BackfillItemRow) {
    const made = await this.#host.backfills.create({
      backfillNo,
      itemNo,
      dagId: this.#backfill.dagId,
      start,
      end,
      ...(params !== null && { params: decodeValue(params) }),
      ...(conf !== null && { conf: decodeValue(conf) as Readonly<Record<string, unknown>> }),
    });
    return made.status === "created" ? made.runNo : undefined;
  }

  async #runAgain({ backfillNo, itemNo }: BackfillItemRow, { runNo }: RunRow): Promise<number | undefined> {
    const made = await this.#host.backfills.runAgain({ backfillNo, itemNo, runNo });
    return made.status === "done" ? runNo : undefined;
  }

  async #skip({ backfillNo, itemNo }: BackfillItemRow, { runId, state }: RunRow): Promise<void> {
    const reason =
      state === "queued" || state === "running"
        ? `in flight: run '${runId}' has begun since it was planned`
        : `already exists: run '${runId}' ended as '${state}' since it was planned`;
    await this.#host.write({ kind: "skipBackfillItem", backfillNo, itemNo, reason });
  }

  async #runOf({ logicalDate }: BackfillItemRow): Promise<RunRow | undefined> {
    const { dagNo } = this.#backfill;
    const [run] = await this.#host.store.runs.ofDates({ dagNo, from: logicalDate, to: logicalDate, limit: 1 });
    return run;
  }

  #isToBeRunAgain({ state }: RunRow): boolean {
    if (state === "failed" || state === "cancelled") return this.#reprocess !== "none";
    return state === "success" && this.#reprocess === "completed";
  }
}
