import type { ServiceHost } from "@millrace/core/engine";
import { type BackfillItemRow, type BackfillRow, isMillraceError, messageOf } from "@millrace/core/plugin";
import { RunMaker } from "./run-maker.ts";
import { moveBackfill } from "./sure-writes.ts";
import { readWish, writeWish } from "./wishes.ts";

/** Items that are read ahead. */
const readAhead = 500;
/** A run that could not go on is looked at again so often. */
const blockedPauseMs = 5_000;

/**
 * Works one backfill off: makes the next run when there is room, until none is left. What it knows it has from the store, so
 * that it goes on after a crash; the store lets runs be made only in turn, and only while the backfill runs.
 */
export class BackfillRunner {
  readonly #host: ServiceHost;
  readonly #backfillNo: number;
  readonly #maker: RunMaker;
  /** Runs of the backfill that have not ended. */
  readonly #active = new Set<number>();
  readonly #stopping = new AbortController();
  #ahead: BackfillItemRow[] = [];
  /** Something has happened since it last looked. */
  #isPoked = false;
  #goOn: (() => void) | undefined;
  #quarters: number | undefined;
  /** Resolves when it works no more: the backfill has ended or was paused, or the engine stops. */
  readonly done: Promise<void>;

  constructor(host: ServiceHost, row: BackfillRow) {
    this.#host = host;
    this.#backfillNo = row.backfillNo;
    this.#maker = new RunMaker(host, row);
    this.done = this.#work().catch((error: unknown) => this.#failed(error));
  }

  /** Something about the backfill was changed: it looks again. */
  poke(): void {
    this.#isPoked = true;
    this.#goOn?.();
  }

  stop(): void {
    this.#stopping.abort();
    this.poke();
  }

  async #work(): Promise<void> {
    const { store } = this.#host;
    await this.#watchActive();
    for (;;) {
      // Before anything is read, so that nothing which changes meanwhile is missed.
      this.#isPoked = false;
      const row = await store.backfills.get(this.#backfillNo);
      if (this.#stopping.signal.aborted || !row) return;
      // What was to be run again before it was cancelled is not any more.
      if (row.state === "cancelled") return writeWish(this.#host, "retry", this.#backfillNo, null);
      if (row.state !== "running") return;
      await this.#tellProgress(row);
      const room = row.maxActive - this.#active.size;
      if (room > 0 && ((await this.#retry(row, room)) || (await this.#fill(row, room)))) continue;
      if (this.#active.size === 0 && row.nextItem >= row.total && (await this.#complete())) return;
      if (!this.#isPoked) await new Promise<void>((resolve) => (this.#goOn = resolve));
    }
  }

  /** Starts as many of the next items as there is room for. False when there was none. */
  async #fill({ nextItem, total }: BackfillRow, room: number): Promise<boolean> {
    if (nextItem >= total) return false;
    if (this.#ahead[0]?.itemNo !== nextItem) this.#ahead = await this.#pendingFrom(nextItem);
    const items = this.#ahead.splice(0, Math.min(room, sameAction(this.#ahead)));
    const makers = await Promise.all(items.map((item) => this.#maker.prepare(item)));
    const made = await Promise.all(makers.map((make) => make()));
    for (const runNo of made) if (runNo !== undefined) this.#watch(runNo);
    const refused = items[made.indexOf(undefined)];
    if (refused) {
      // Those behind it were refused as well, because its turn was not over.
      this.#ahead = [];
      await this.#maker.settle(refused);
      await this.#watchActive();
    }
    return true;
  }

  async #pendingFrom(itemNo: number): Promise<BackfillItemRow[]> {
    const page = { backfillNo: this.#backfillNo, after: itemNo - 1, limit: readAhead, states: ["pending"] } as const;
    return [...(await this.#host.store.backfills.items(page))];
  }

  /** Has failed runs run again that somebody asked for. False when there was none. */
  async #retry({ dagId }: BackfillRow, room: number): Promise<boolean> {
    const { store, engine } = this.#host;
    const backfillNo = this.#backfillNo;
    const after = await readWish(this.#host, "retry", backfillNo);
    if (after === undefined) return false;
    const page = { backfillNo, after, limit: Math.min(room, readAhead), states: ["failed"] } as const;
    const items = await store.backfills.items(page);
    for (const { runNo } of items) {
      const run = runNo === null ? undefined : await store.runs.get(runNo);
      // Another backfill may have taken it over.
      if (run?.backfillNo !== backfillNo) continue;
      try {
        await engine.retry(dagId, run.runId);
        this.#watch(run.runNo);
      } catch (error) {
        if (isEngineGone(error)) throw error;
        this.#host.report(error);
      }
    }
    await writeWish(this.#host, "retry", backfillNo, items.at(-1)?.itemNo ?? null);
    return true;
  }

  async #watchActive(): Promise<void> {
    for (const { runNo, backfillNo } of await this.#host.store.runs.active())
      if (backfillNo === this.#backfillNo) this.#watch(runNo);
  }

  #watch(runNo: number): void {
    if (this.#active.has(runNo)) return;
    this.#active.add(runNo);
    const ended = (): void => {
      this.#active.delete(runNo);
      this.poke();
    };
    this.#host.whenEnded(runNo).then(ended, async (error: unknown) => {
      if (isEngineGone(error) || this.#stopping.signal.aborted) return;
      // It waits for something that a person must mend, and holds its place meanwhile.
      this.#host.report(error);
      await this.#host.clock.sleep(blockedPauseMs, this.#stopping.signal);
      this.#active.delete(runNo);
      await this.#watchActive();
      this.poke();
    });
  }

  /** False when a run of it is active again after all. */
  async #complete(): Promise<boolean> {
    const why = await moveBackfill(this.#host, this.#backfillNo, { from: ["running"], to: "completed", note: null });
    if (why === undefined) return true;
    await this.#watchActive();
    return false;
  }

  /** Told when another quarter of its runs has ended. */
  async #tellProgress({ backfillId, dagId, total, skipped, success, failed, cancelled }: BackfillRow): Promise<void> {
    const done = success + failed + cancelled;
    const quarters = Math.floor((4 * done) / Math.max(1, total - skipped));
    const before = this.#quarters;
    this.#quarters = quarters;
    if (before === undefined || quarters <= before || quarters >= 4) return;
    const data = { backfillId, percent: quarters * 25, done, total: total - skipped, failed };
    const event = { kind: "backfill.progress", dagId, runNo: null, taskInstanceNo: null, attempt: null };
    const at = this.#host.clock.now();
    await this.#host.write({ kind: "appendEvent", event: { ...event, at, data: JSON.stringify(data) } });
  }

  /** What its runs need is not there, or not right: it waits for a person. */
  async #failed(error: unknown): Promise<void> {
    if (isEngineGone(error) || this.#stopping.signal.aborted) return;
    this.#host.report(error);
    const note = isMillraceError(error) ? `${error.code}: ${error.message}` : messageOf(error);
    const paused = { from: ["running"], to: "paused", note: note.slice(0, 1_000) } as const;
    await moveBackfill(this.#host, this.#backfillNo, paused).catch(() => undefined);
  }
}

/** How many items at the beginning are to be done in the same way: only such are asked for at once, for their order. */
function sameAction(items: readonly BackfillItemRow[]): number {
  const other = items.findIndex(({ action }) => action !== items[0]?.action);
  return other < 0 ? items.length : other;
}

function isEngineGone(error: unknown): boolean {
  return isMillraceError(error, "ENGINE_CLOSED") || isMillraceError(error, "ENGINE_STOPPED");
}
