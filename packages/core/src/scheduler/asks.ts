import type { MillraceError } from "../errors.ts";
import type { BackfillPlace, Change, Outcome, RunRow, Store } from "../store/contract.ts";
import type { LiveVersion } from "./live-version.ts";
import type { CatchupWish, Message, WriteMessage } from "./messages.ts";
import type { Operation, OperationResult } from "./operations/operation.ts";
import type { CatchupSet, RunAnswer, RunRequest } from "./requests.ts";

/** A run that the store holds as active and that cannot go on. */
export interface RefusedRun {
  readonly dagId: string;
  readonly runId: string;
  readonly error: MillraceError;
}

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

  /** Has a run that has ended run again for an item of a backfill, with this version of its DAG. */
  reprocess(runNo: number, place: BackfillPlace, version: LiveVersion): Promise<void> {
    return this.message((resolve, reject) => ({ kind: "reprocess", runNo, place, version, resolve, reject }));
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

  /** Takes over runs that the store holds as active, all of them at once. Gives those that cannot go on. */
  async adopt(rows: readonly RunRow[]): Promise<readonly RefusedRun[]> {
    const refused: RefusedRun[] = [];
    const adopted = rows.map(({ runNo, runId, dagId }) =>
      this.message<void>((resolve, reject) => {
        const refuse = (error: MillraceError): void => void refused.push({ dagId, runId, error });
        return { kind: "adopt", runNo, why: "wanted", resolve, reject, refuse };
      }),
    );
    await Promise.all(adopted);
    return refused;
  }

  /** New versions of these DAGs hold from now on. */
  replaced(dagIds: readonly string[], removed: readonly string[]): void {
    this.#post({ kind: "replaced", dagIds, removed });
  }

  /** From now on runs are made when they are due. */
  schedule(): Promise<void> {
    return this.message((resolve, reject) => ({ kind: "schedule", resolve, reject }));
  }

  /** This catchup setting holds for the DAG from the next group on. */
  setCatchup(dagId: string, wish: CatchupWish): Promise<CatchupSet> {
    return this.message((resolve, reject) => ({ kind: "catchup", dagId, ...wish, sent: 0, resolve, reject }));
  }

  write(change: Change): Promise<Outcome> {
    return this.message((resolve, reject) => ({ kind: "write", change, sent: 0, resolve, reject }));
  }
}

/** A compare-and-set that was sent twice is refused by what it stored itself the first time. */
export function answerWrite(store: Store, { change, sent, resolve, reject }: WriteMessage, outcome: Outcome): void {
  if (sent === 1 || outcome.status !== "refused" || change.kind !== "putState") return resolve(outcome);
  store.state
    .get(change.namespace, change.key)
    .then((value) => resolve(value === change.value ? { status: "done", eventSeq: 0 } : outcome), reject);
}
