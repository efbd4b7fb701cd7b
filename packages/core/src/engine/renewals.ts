import { coreError, isMillraceError } from "../errors.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Store, XComRef, XComRow } from "../store/contract.ts";
import { type Clock, monotonicOf } from "../time/clock.ts";
import { turn } from "../time/turn.ts";
import type { XComServices } from "../xcom/accessor.ts";
import type { XComBackendCall } from "../xcom/backend.ts";
import type { XComAddress, XComEnvelope } from "../xcom/parts.ts";
import { largeBytes } from "../xcom/pieces.ts";
import { storedOf } from "../xcom/stored-of.ts";
import { isStreamEnvelope } from "../xcom/stream-part.ts";

export interface RenewXComsOptions {
  /** Where the page before ended: its `next`. Default: the beginning of the store. */
  readonly after?: XComRef;
  /** How many XComs are looked at, of those that a part has touched. Default 500, at most 10,000. */
  readonly limit?: number;
}

/** What became of a page of XComs. */
export interface XComsRenewed {
  /** XComs of backend parts that were looked at. */
  readonly seen: number;
  /** Written anew; with `dryRun` those that would be. */
  readonly renewed: number;
  /** Pushed anew or removed while they were being renewed: that holds. */
  readonly overtaken: number;
  /** Those that cannot be renewed, and why. They stay as they are. */
  readonly failed: readonly { readonly address: XComAddress; readonly code: string }[];
  /** Where the next page begins; none after the last one. */
  readonly next?: XComRef;
}

interface Parts {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly xcoms: XComServices;
  readonly clock: Clock;
}

/** An XCom in its new form, which its row does not have yet. */
interface Renewed {
  readonly row: XComRow;
  readonly address: XComAddress;
  readonly old: XComEnvelope;
  readonly envelope: XComEnvelope;
  readonly text: string;
  readonly call: XComBackendCall;
}

const usualLimit = 500;
const mostAtOnce = 10_000;
/** So many rows are in memory together, with what becomes of them. */
const rowsAtOnce = 10;
/** A row of so many characters is worked on alone. */
const longText = 256 * 1024;
/** A page ends early when its new texts are so long together, so that its commit holds up nobody. */
const longestTexts = 4 * 1024 * 1024;
/** A page ends early after so long, so that whoever asked hears of it. */
const longestPageMs = 5_000;

/** Writes XComs anew that are stale: page by page, one page at a time, while tasks go on. */
export class Renewals {
  readonly #parts: Parts;
  readonly #closing = new AbortController();
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws `ENGINE_CLOSED`, and what the store throws */
  page(options: RenewXComsOptions, isDryRun: boolean): Promise<XComsRenewed> {
    const page = this.#last.catch(() => undefined).then(() => this.#page(options, isDryRun));
    this.#last = page;
    return page;
  }

  /** Ends the page under way between two XComs; what is renewed by then is stored. */
  async close(): Promise<void> {
    this.#closing.abort(coreError("ENGINE_CLOSED"));
    await this.#last.catch(() => undefined);
  }

  async #page({ after, limit = usualLimit }: RenewXComsOptions, isDryRun: boolean): Promise<XComsRenewed> {
    const { store, clock } = this.#parts;
    const { signal } = this.#closing;
    const began = monotonicOf(clock);
    const runs = new Map<number, Promise<{ readonly dagId: string; readonly runId: string } | undefined>>();
    const most = Math.min(limit, mostAtOnce);
    const renewed: Renewed[] = [];
    const failed: XComsRenewed["failed"][number][] = [];
    let [seen, stale, texts] = [0, 0, 0];
    let next = after;
    let isEnd = false;
    const isFull = (): boolean =>
      seen >= most || texts >= longestTexts || monotonicOf(clock) - began >= longestPageMs || signal.aborted;
    const renew = async (row: XComRow): Promise<void> => {
      const { runNo } = row;
      if (!runs.has(runNo)) runs.set(runNo, store.runs.get(runNo));
      const address = addressOf(row, await runs.get(runNo));
      try {
        const one = await this.#renew(row, address, isDryRun);
        if (one === undefined) return;
        stale++;
        if (one === "stale") return;
        renewed.push(one);
        texts += one.text.length;
      } catch (error) {
        if (!signal.aborted) failed.push({ address, code: isMillraceError(error) ? error.code : "XCOM_PART_FAILED" });
      }
    };
    while (!isEnd && !isFull()) {
      const limit = Math.min(rowsAtOnce, most - seen);
      const rows = await store.xcoms.page({ limit, format: "envelope", ...(next && { after: next }) });
      for (const some of sideBySide(rows)) {
        if (isFull()) break;
        await Promise.all(some.map(renew));
        seen += some.length;
        const { taskInstanceNo, key } = some[some.length - 1];
        next = { taskInstanceNo, key };
        isEnd = some.at(-1) === rows.at(-1) && rows.length < limit;
      }
      if (rows.length === 0) isEnd = true;
      // Stores and ciphers may answer at once: without turns in between nothing else would go on.
      await turn();
    }
    const overtaken = await this.#store(renewed);
    signal.throwIfAborted();
    return { seen, renewed: stale - overtaken, overtaken, failed, ...(!isEnd && next && { next }) };
  }

  async #renew(row: XComRow, address: XComAddress, isDryRun: boolean): Promise<Renewed | "stale" | undefined> {
    const { backend, chunksOf } = this.#parts.xcoms;
    const { taskInstanceNo, sizeBytes } = row;
    const old = storedOf(row, address);
    if (typeof old === "string") return undefined;
    // No attempt has this number: what belongs to none of them is told from their streams.
    const chunks = chunksOf(taskInstanceNo, 0);
    const call: XComBackendCall = { sizeBytes, signal: this.#closing.signal, ...(chunks && { chunks }) };
    if (isDryRun) return (await backend.isStale(old, address, call)) ? "stale" : undefined;
    const envelope = await backend.renew(old, address, call);
    return envelope && { row, address, old, envelope, text: JSON.stringify(envelope), call };
  }

  /** Puts the new forms into their rows, all in one group, and removes what the old ones kept outside. Gives how many were overtaken. */
  async #store(renewed: readonly Renewed[]): Promise<number> {
    if (renewed.length === 0) return 0;
    const { scheduler, store } = this.#parts;
    const outcomes = await Promise.all(
      renewed.map(({ row: { taskInstanceNo, key, stored: expected, sizeBytes }, text: stored }) =>
        scheduler.ask.write({
          kind: "replaceXCom",
          ...{ taskInstanceNo, key, expected },
          put: { format: "envelope", stored, sizeBytes },
        }),
      ),
    );
    // Who reads a value finds its new form, but a stream may be read for hours: the collector removes it after its run.
    const mayBeRead = scheduler.runs.size > 0;
    let overtaken = 0;
    const useless: Pick<Renewed, "envelope" | "address" | "call">[] = [];
    for (const [place, one] of renewed.entries()) {
      // A group may have been stored although its answer was lost; sent again, it finds what it stored itself.
      const isReplaced = outcomes[place].status === "done" || (await store.xcoms.get(one.row))?.stored === one.text;
      if (!isReplaced) overtaken++;
      if (!isReplaced) useless.push(one);
      else if (!mayBeRead || !isStreamEnvelope(one.old)) useless.push({ ...one, envelope: one.old });
    }
    await this.#tell(renewed.length - overtaken);
    await this.#purge(useless);
    return overtaken;
  }

  /** One event for a page: an event for each XCom would bury what runs tell. */
  async #tell(count: number): Promise<void> {
    if (count === 0) return;
    const about = { dagId: null, runNo: null, taskInstanceNo: null, attempt: null };
    const event = { at: this.#parts.clock.now(), kind: "xcom.renewed", ...about, data: JSON.stringify({ count }) };
    await this.#parts.scheduler.ask.write({ kind: "appendEvent", event });
  }

  /** What cannot be removed now is found by the collector. */
  async #purge(useless: readonly Pick<Renewed, "envelope" | "address" | "call">[]): Promise<void> {
    const { backend } = this.#parts.xcoms;
    for (let from = 0; from < useless.length; from += rowsAtOnce) {
      const some = useless.slice(from, from + rowsAtOnce);
      await Promise.allSettled(some.map(({ envelope, address, call }) => backend.purge(envelope, address, call)));
    }
  }
}

/** Rows in their order: short ones together, a long one or a stream alone. */
function* sideBySide(rows: readonly XComRow[]): Generator<readonly XComRow[]> {
  let short: XComRow[] = [];
  for (const row of rows) {
    if (row.sizeBytes <= largeBytes && row.stored.length <= longText) {
      short.push(row);
      continue;
    }
    if (short.length > 0) yield short;
    short = [];
    yield [row];
  }
  if (short.length > 0) yield short;
}

function addressOf(
  { taskId, mapIndex, key }: XComRow,
  run: { readonly dagId: string; readonly runId: string } | undefined,
): XComAddress {
  return { dagId: run?.dagId ?? "?", runId: run?.runId ?? "?", taskId, mapIndex, key };
}
