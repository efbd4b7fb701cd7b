import { coreError, isMillraceError, type MillraceError } from "../../errors.ts";
import { isRunFinished } from "../../lifecycle/states.ts";
import type { Outcome, SetDagPaused } from "../../store/contract.ts";
import { catchupText, isSameCatchup } from "../../timetable/catchup.ts";
import type { Desk } from "../desk.ts";
import { unpausedNamespace } from "../failed-in-a-row.ts";
import type { StoredRun } from "../load-run.ts";
import type {
  CancelMessage,
  CatchupMessage,
  FailedMessage,
  OperateMessage,
  PauseMessage,
  SetPoolMessage,
  SignalMessage,
} from "../messages.ts";
import type { CatchupSet } from "../requests.ts";
import type { RunBook } from "../run-book.ts";
import { signalNamespace, type Waiting } from "../waiting.ts";
import { type OperationReading, planOperation } from "./plan-operation.ts";
import { answerTo } from "./request-answer.ts";

interface Parts {
  readonly book: Pick<RunBook, "endWhole" | "cancelStored">;
  readonly waiting: Pick<Waiting, "happened">;
}

/** What people do to runs, DAGs and pools. */
export class OperationDesk {
  readonly #desk: Desk;
  readonly #parts: Parts;

  constructor(desk: Desk, parts: Parts) {
    this.#desk = desk;
    this.#parts = parts;
  }

  /** @param stored - what the store has of a run that is not in memory */
  cancel(message: CancelMessage, stored: StoredRun | undefined): void {
    const { plan, runs } = this.#desk;
    const { runNo, reason, requestNo } = message;
    const live = runs.get(runNo);
    plan.isRequest = true;
    if (live) {
      message.wasActive = true;
      const ends = { running: "cancelled", waiting: "cancelled", reason } as const;
      if (!live.isEnding) this.#parts.book.endWhole(live, "cancelled", ends);
    } else if (stored && !isRunFinished(stored.row.state)) {
      message.wasActive = true;
      this.#parts.book.cancelStored(stored, reason);
    }
    answerTo(this.#desk, requestNo, { result: { wasActive: message.wasActive } });
    plan.after(() => message.resolve(message.wasActive));
  }

  /** Remembered, so that tasks which come to await the event later go on too. */
  signal({ event, requestNo, resolve }: SignalMessage): void {
    const { plan, now: at } = this.#desk;
    plan.isRequest = true;
    plan.add({ kind: "putState", namespace: signalNamespace, key: event, value: "true", at });
    this.#parts.waiting.happened(event);
    answerTo(this.#desk, requestNo, { result: { event } });
    plan.after(resolve);
  }

  /** Writes what the operation changes, and has memory read the run again: the store is what it was planned on. */
  operate(message: OperateMessage, reading: OperationReading | MillraceError | undefined): void {
    const { plan, services } = this.#desk;
    const { runNo, isDryRun, requestNo, resolve, reject } = message;
    const planned = this.#plan(message, reading);
    if (planned instanceof Error) {
      answerTo(this.#desk, requestNo, { error: planned });
      return plan.after(() => reject(planned));
    }
    const { changes, result, removed, isRebuilt } = planned;
    message.result = result;
    if (!isDryRun) {
      plan.isRequest = true;
      let isRefused = false;
      const effect = ({ status }: Outcome): void => {
        if (status === "refused") isRefused = true;
      };
      for (const change of changes) plan.add(change, effect);
      if (isRebuilt) plan.after(() => this.#readAgain(runNo));
      // What is still recorded is still needed.
      plan.after(() => {
        if (!isRefused) services.purger.add(result, removed);
      });
    }
    answerTo(this.#desk, requestNo, { result });
    plan.after(() => resolve(result));
  }

  /** Worked in again, it may find that its group was stored after all: then the first answer holds, and the run is to be read. */
  #plan(message: OperateMessage, reading: OperationReading | MillraceError | undefined) {
    const { operation, result } = message;
    try {
      if (!reading) throw coreError("STORE_FAILED", { why: "a run was not read for what is to be done to it" });
      if (reading instanceof Error) throw reading;
      const planned = planOperation(operation, reading, this.#desk.now);
      return result ? { ...planned, result, isRebuilt: true } : planned;
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      return result ? { changes: [], result, removed: [], isRebuilt: true } : error;
    }
  }

  #readAgain(runNo: number): void {
    const live = this.#desk.runs.get(runNo);
    if (live) this.#desk.lostTouch(live);
    else this.#desk.post({ kind: "adopt", runNo, why: "wanted" });
  }

  pause({ dagId, paused, requestNo, resolve }: PauseMessage): void {
    const { plan, now: at } = this.#desk;
    plan.isRequest = true;
    this.#setPaused({ dagId, paused });
    if (!paused) plan.add({ kind: "putState", namespace: unpausedNamespace, key: dagId, value: String(at), at });
    answerTo(this.#desk, requestNo, { result: { dagId, paused } });
    plan.after(resolve);
  }

  /** Too many runs of the DAG have failed one after the other. */
  pauseFailing({ dagId, limit }: FailedMessage): void {
    // Several runs may have failed at once.
    if (this.#desk.services.dags.live(dagId)?.isPaused) return;
    const reason = limit === 1 ? "its newest run failed" : `its newest ${limit} runs failed`;
    this.#setPaused({ dagId, paused: true, reason });
  }

  #setPaused(change: Omit<SetDagPaused, "kind" | "at">): void {
    const { plan, services, now: at } = this.#desk;
    const { dagId, paused } = change;
    plan.add({ kind: "setDagPaused", ...change, at }, () => {
      const live = services.dags.live(dagId);
      if (live) live.isPaused = paused;
      this.#desk.scheduleChanged(dagId);
    });
  }

  /**
   * Recorded as an event when it is another setting than before.
   *
   * @param isKept - it is stored already: only the answer was lost
   */
  setCatchup(message: CatchupMessage, isKept: boolean): void {
    const { dagId, catchup, before, from, source, by, change, requestNo, resolve, reject } = message;
    const { plan, services, now: at } = this.#desk;
    const live = services.dags.live(dagId);
    if (!live) {
      const error = coreError("DAG_NOT_FOUND", { dagId });
      answerTo(this.#desk, requestNo, { error });
      return plan.after(() => reject(error));
    }
    if (from === "store" || requestNo !== null) plan.isRequest = true;
    const set: CatchupSet = { dagId, old: catchupText(before), new: catchupText(catchup), from, source };
    message.sent++;
    if (change && !isKept) plan.add(change);
    if (!isKept && !isSameCatchup(before, catchup)) {
      const event = { at, kind: "dag.catchup_changed", dagId, runNo: null, taskInstanceNo: null, attempt: null };
      const data = JSON.stringify({ old: set.old, new: set.new, by });
      plan.add({ kind: "appendEvent", event: { ...event, data } });
    }
    answerTo(this.#desk, requestNo, { result: set });
    plan.after(() => {
      const held = live.catchup;
      live.catchupSet = from === "code" ? undefined : catchup;
      if (!isSameCatchup(held, live.catchup)) this.#desk.scheduleChanged(dagId);
      resolve(set);
    });
  }

  setPool({ pool, slots, requestNo, resolve }: SetPoolMessage): void {
    const { plan, now: at } = this.#desk;
    plan.isRequest = true;
    plan.add({ kind: "putPool", pool, slots, at }, () => this.#desk.setPool(pool, slots));
    answerTo(this.#desk, requestNo, { result: { pool, slots } });
    plan.after(resolve);
  }
}
