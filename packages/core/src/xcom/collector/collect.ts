import { checkDagId, checkRunId, checkTaskPath } from "../../authoring/identifiers.ts";
import { coreError, isMillraceError, type MillraceError, messageOf } from "../../errors.ts";
import { type Clock, systemClock } from "../../time/clock.ts";
import { type DurationInput, parseDuration } from "../../time/duration.ts";
import { processMeter } from "../../time/meter.ts";
import { turn } from "../../time/turn.ts";
import type { PlacedXCom, XComPlace, XComScope } from "../parts.ts";
import { type CollectorReads, type Criteria, Judge, type Verdict } from "./judge.ts";
import { type Collectable, type CollectablePlace, storedStreams } from "./stored-streams.ts";

/** How many, and how long together. */
export interface CollectedAmount {
  readonly count: number;
  readonly sizeBytes: number;
}

/** What was found in one place, and what became of it. */
export interface CollectedPlace {
  /** Its name. */
  readonly place: string;
  /** False for a place that cannot list what it keeps; nothing of it was looked at. */
  readonly isListed: boolean;
  readonly found: CollectedAmount;
  /** Whole ones that nothing leads to, and nothing will. */
  readonly orphans: CollectedAmount;
  /** What was begun and never finished. */
  readonly partials: CollectedAmount;
  /** Kept: of DAGs that the store has never known. Another store may use the place. */
  readonly foreign: CollectedAmount;
  /** Kept: what does not say whose it is, and what cannot be told because a row or a name is damaged. */
  readonly unclear: CollectedAmount;
  /** Orphans and partials that are gone now. */
  readonly removed: CollectedAmount;
  /** The first thing that went wrong: what it concerns stays for the next time. */
  readonly error?: MillraceError;
}

export interface CollectOptions {
  /** Opened in whatever way: it is only read. */
  readonly store: CollectorReads;
  readonly places: readonly XComPlace[];
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, "now">;
  /** What was put later than this ago stays. Default 24 h. */
  readonly olderThan?: DurationInput;
  /** Nothing is removed: the answer tells what would be. */
  readonly dryRun?: boolean;
  /** Only what belongs to this DAG, run or task. */
  readonly scope?: XComScope;
  readonly signal?: AbortSignal;
  /** Removes streams that stay in the store. Without it they are only counted: that needs the one who writes the store. */
  readonly removeStreams?: (streamIds: readonly string[]) => Promise<void>;
}

/** How long things stay that nothing leads to. */
export const usualAge = "24h";

/** Judged, and then removed, together. What has been read for one batch is forgotten for the next. */
const batchSize = 500;
/** Stores answer at once: without turns in between nothing else would go on. */
const turnAfter = 50;
const turnAfterUs = 5_000;
/** So many batches in a row that cannot be removed, and the place is left alone. */
const mostFailures = 3;

type Counts = { -readonly [Name in keyof CollectedAmount]: number };

/**
 * Removes what places keep and nothing leads to: what was put by attempts whose outcome was never recorded, or that was left
 * behind when an XCom was removed. Something is kept while it is younger than `olderThan`, while its run has not ended, and
 * while an XCom of its task instance leads to it, which is looked up right before it is removed. What does not say whose it
 * is, or is of a DAG that the store has never known, is kept and counted; name such a DAG in `scope` to have it collected.
 *
 * Takes little memory, however much is kept. May work beside an engine. A place must belong to one store: give each its own
 * folder or prefix.
 *
 * Streams that no place has taken stay in the store itself; the last place of the answer, `store`, is they.
 *
 * @returns one for each place. A place that fails says so in its `error`, and the others go on
 * @throws `DURATION_INVALID` for `olderThan`, `DAG_ID_INVALID`, `RUN_ID_INVALID` and `XCOM_SCOPE_INVALID` for `scope`, and the reason of an aborted `signal`
 * @example
 * ```ts
 * import { collectXComs, memoryStore } from "@millrace/core/engine";
 *
 * const store = memoryStore();
 * await store.open("reader");
 * const found = await collectXComs({ store, places: [], olderThan: "2d", dryRun: true });
 * console.log(found.map(({ place }) => place)); // [ "store" ]
 * ```
 */
export async function collectXComs(options: CollectOptions): Promise<readonly CollectedPlace[]> {
  const { places, clock = systemClock, olderThan = usualAge, signal } = options;
  const scope = checkScope(options.scope ?? {});
  const criteria: Criteria = { olderThan: clock.now() - parseDuration(olderThan), scope };
  const collected: CollectedPlace[] = [];
  const { store, removeStreams, dryRun = false } = options;
  const streams = storedStreams(store, removeStreams ?? (async () => undefined));
  for (const place of [...places, streams]) {
    signal?.throwIfAborted();
    const isDryRun = dryRun || (place === streams && !removeStreams);
    collected.push(await new Round(place, criteria, { ...options, dryRun: isDryRun }).collect());
  }
  return collected;
}

/** One look at one place. */
class Round {
  readonly #place: CollectablePlace;
  readonly #criteria: Criteria;
  readonly #options: CollectOptions;
  readonly #found = none();
  readonly #removed = none();
  readonly #by = new Map<Verdict, Counts>();
  #failures = 0;
  #error: MillraceError | undefined;

  constructor(place: CollectablePlace, criteria: Criteria, options: CollectOptions) {
    this.#place = place;
    this.#criteria = criteria;
    this.#options = options;
  }

  async collect(): Promise<CollectedPlace> {
    const { scope = {}, signal } = this.#options;
    try {
      const list = this.#place.list?.(scope, signal && { signal });
      let batch: Collectable[] = [];
      for await (const object of list ?? []) {
        if (!isWithin(scope, object)) continue;
        add(this.#found, object);
        batch.push(object);
        if (batch.length < batchSize) continue;
        await this.#work(batch);
        batch = [];
        if (this.#failures >= mostFailures) break;
      }
      await this.#work(batch);
    } catch (error) {
      signal?.throwIfAborted();
      this.#failed(error);
    }
    const of = (...verdicts: readonly Verdict[]): CollectedAmount =>
      sum(verdicts.map((verdict) => this.#by.get(verdict)));
    return {
      place: this.#place.name,
      isListed: this.#place.list !== undefined,
      found: this.#found,
      orphans: of("orphan"),
      partials: of("partial"),
      foreign: of("foreign"),
      unclear: of("unclear", "unaddressed"),
      removed: this.#removed,
      ...(this.#error && { error: this.#error }),
    };
  }

  async #work(batch: readonly Collectable[]): Promise<void> {
    const { store, dryRun = false, signal } = this.#options;
    const judge = new Judge(store, this.#place, this.#criteria);
    const useless: Collectable[] = [];
    let since = 0;
    for (const [at, object] of batch.entries()) {
      if (at % turnAfter === 0 || processMeter.nowUs() - since > turnAfterUs) {
        await turn();
        since = processMeter.nowUs();
      }
      signal?.throwIfAborted();
      const verdict = await judge.judge(object);
      const counts = this.#by.get(verdict) ?? none();
      this.#by.set(verdict, counts);
      add(counts, object);
      if (verdict === "orphan" || verdict === "partial") useless.push(object);
    }
    if (dryRun || useless.length === 0) return;
    try {
      await this.#place.remove(
        useless.map(({ ref }) => ref),
        signal && { signal },
      );
      this.#failures = 0;
      for (const object of useless) add(this.#removed, object);
    } catch (error) {
      signal?.throwIfAborted();
      this.#failures++;
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const part = this.#place.name;
    this.#error ??= isMillraceError(error)
      ? error
      : coreError("XCOM_NOT_COLLECTED", { part, why: messageOf(error) }, { cause: error });
  }
}

/** A run is one of a DAG, and a task one of a run: without what they belong to they would mean everything. */
function checkScope(scope: XComScope): XComScope {
  const { dagId, runId, taskId } = scope;
  if (dagId !== undefined) checkDagId(dagId);
  if (runId !== undefined) checkRunId(runId);
  if (taskId !== undefined) checkTaskPath(taskId);
  if ((runId !== undefined && dagId === undefined) || (taskId !== undefined && runId === undefined))
    throw coreError("XCOM_SCOPE_INVALID", {
      what: taskId === undefined ? "a run without its DAG" : "a task without its run",
    });
  return scope;
}

/** What a place lists beyond what it was asked for is none of ours. */
function isWithin({ dagId, runId, taskId }: XComScope, { address }: PlacedXCom): boolean {
  if (dagId === undefined) return true;
  return (
    address?.dagId === dagId &&
    (runId === undefined || address.runId === runId) &&
    (taskId === undefined || address.taskId === taskId)
  );
}

function none(): Counts {
  return { count: 0, sizeBytes: 0 };
}

function add(counts: Counts, { sizeBytes }: PlacedXCom): void {
  counts.count++;
  counts.sizeBytes += sizeBytes;
}

function sum(all: readonly (CollectedAmount | undefined)[]): CollectedAmount {
  const total = none();
  for (const { count, sizeBytes } of all.filter((counts) => counts !== undefined)) {
    total.count += count;
    total.sizeBytes += sizeBytes;
  }
  return total;
}
