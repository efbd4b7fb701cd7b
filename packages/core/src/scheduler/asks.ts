import type { Change, Outcome } from "../store/contract.ts";
import type { Message } from "./messages.ts";
import type { Operation, OperationResult } from "./operations/operation.ts";
import type { RunAnswer, RunRequest } from "./requests.ts";

/**
 * What is asked of the scheduler from outside: each becomes a message, and a promise of its answer.
 * `requestNo` names the request of another process that is answered in the group that does what is asked, `null` for none.
 */
export class Asks {
  readonly #post: (message: Message) => void;
  readonly #stopped: () => Error | undefined;

  constructor(post: (message: Message) => void, stopped: () => Error | undefined) {
    this.#post = post;
    this.#stopped = stopped;
  }

  message<T>(make: (resolve: (value: T) => void, reject: (error: unknown) => void) => Message): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const stopped = this.#stopped();
      if (stopped) return reject(stopped);
      this.#post(make(resolve, reject));
    });
  }

  create(request: RunRequest): Promise<RunAnswer> {
    return this.message((resolve, reject) => ({ kind: "create", request, sentAt: [], resolve, reject }));
  }

  cancel(runNo: number, reason: string, requestNo: number | null): Promise<boolean> {
    return this.message((resolve, reject) => ({
      kind: "cancel",
      requestNo,
      runNo,
      reason,
      wasActive: false,
      resolve,
      reject,
    }));
  }

  signal(event: string, requestNo: number | null): Promise<void> {
    return this.message((resolve, reject) => ({ kind: "signal", requestNo, event, resolve, reject }));
  }

  operate(
    runNo: number,
    operation: Operation,
    { isDryRun, requestNo }: { readonly isDryRun: boolean; readonly requestNo: number | null },
  ): Promise<OperationResult> {
    return this.message((resolve, reject) => ({
      kind: "operate",
      requestNo,
      runNo,
      operation,
      isDryRun,
      result: undefined,
      resolve,
      reject,
    }));
  }

  pause(dagId: string, paused: boolean, requestNo: number | null): Promise<void> {
    return this.message((resolve, reject) => ({ kind: "pause", requestNo, dagId, paused, resolve, reject }));
  }

  putPool(pool: string, slots: number, requestNo: number | null): Promise<void> {
    return this.message((resolve, reject) => ({ kind: "set-pool", requestNo, pool, slots, resolve, reject }));
  }

  /** New versions of these DAGs hold from now on. */
  replaced(dagIds: readonly string[]): void {
    this.#post({ kind: "replaced", dagIds });
  }

  write(change: Change): Promise<Outcome> {
    return this.message((resolve, reject) => ({ kind: "write", change, sent: 0, resolve, reject }));
  }
}
