import type { RunState } from "../lifecycle/states.ts";
import type { LiveRun } from "./live-run.ts";

/** How a run ended, told to those who wait for it. */
export interface RunEnd {
  readonly runNo: number;
  /** As memory had it at its end; `undefined` when only the store knows. */
  readonly run: LiveRun | undefined;
  readonly state: RunState;
  readonly note: string | null;
  readonly endedAt: number;
}

/** Those who wait for the ends of runs. */
export class RunEnds {
  readonly #waiters = new Map<
    number,
    { readonly resolve: (end: RunEnd) => void; readonly reject: (error: unknown) => void }[]
  >();

  wait(runNo: number): Promise<RunEnd> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(runNo) ?? [];
      waiters.push({ resolve, reject });
      this.#waiters.set(runNo, waiters);
    });
  }

  tell(end: RunEnd): void {
    for (const waiter of this.#take(end.runNo)) waiter.resolve(end);
  }

  reject(runNo: number, error: unknown): void {
    for (const waiter of this.#take(runNo)) waiter.reject(error);
  }

  rejectAll(error: unknown): void {
    for (const runNo of [...this.#waiters.keys()]) this.reject(runNo, error);
  }

  #take(runNo: number) {
    const waiters = this.#waiters.get(runNo) ?? [];
    this.#waiters.delete(runNo);
    return waiters;
  }
}
