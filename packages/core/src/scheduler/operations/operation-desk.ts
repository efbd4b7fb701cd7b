import { isMillraceError, type MillraceError } from "../../errors.ts";
import type { Desk } from "../desk.ts";
import type { OperateMessage, PauseMessage, SetPoolMessage } from "../messages.ts";
import { type OperationReading, planOperation } from "./plan-operation.ts";
import { answerTo } from "./request-answer.ts";

/** What people do to runs, DAGs and pools. */
export class OperationDesk {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Writes what the operation changes, and has memory read the run again: the store is what it was planned on. */
  operate(message: OperateMessage, reading: OperationReading | MillraceError | undefined): void {
    const { plan, now, runs } = this.#desk;
    const { runNo, operation, isDryRun, requestNo, resolve, reject } = message;
    try {
      if (!reading) throw new Error("an operation without a reading");
      if (reading instanceof Error) throw reading;
      const { changes, result, isRebuilt } = planOperation(operation, reading, now);
      // Worked in again, it may find that its group was stored after all: then there is nothing left to do.
      message.result ??= result;
      const told = message.result;
      if (!isDryRun) {
        plan.isRequest = true;
        for (const change of changes) plan.add(change);
        if (isRebuilt)
          plan.after(() => {
            const live = runs.get(runNo);
            if (live) this.#desk.lostTouch(live);
            else this.#desk.post({ kind: "adopt", runNo, why: "wanted" });
          });
      }
      answerTo(this.#desk, requestNo, { result: told });
      plan.after(() => resolve(told));
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      if (message.result) {
        const told = message.result;
        answerTo(this.#desk, requestNo, { result: told });
        return plan.after(() => resolve(told));
      }
      answerTo(this.#desk, requestNo, { error });
      plan.after(() => reject(error));
    }
  }

  pause({ dagId, paused, requestNo, resolve }: PauseMessage): void {
    const { plan, services, now: at } = this.#desk;
    plan.isRequest = true;
    plan.add({ kind: "setDagPaused", dagId, paused, at }, () => {
      const live = services.dags.live(dagId);
      if (live) live.isPaused = paused;
    });
    answerTo(this.#desk, requestNo, { result: { dagId, paused } });
    plan.after(resolve);
  }

  setPool({ pool, slots, requestNo, resolve }: SetPoolMessage): void {
    const { plan, now: at } = this.#desk;
    plan.isRequest = true;
    plan.add({ kind: "putPool", pool, slots, at }, () => this.#desk.setPool(pool, slots));
    answerTo(this.#desk, requestNo, { result: { pool, slots } });
    plan.after(resolve);
  }
}
