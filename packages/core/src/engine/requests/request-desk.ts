import { checkDagId } from "../../authoring/identifiers.ts";
import { coreError, isMillraceError, type MillraceError, messageOf } from "../../errors.ts";
import { isRunFinished } from "../../lifecycle/states.ts";
import { checkSignalName } from "../../runtime/awaited-events.ts";
import type { Operation } from "../../scheduler/operations/operation.ts";
import { answerText } from "../../scheduler/operations/request-answer.ts";
import type { RequestRow } from "../../store/contract.ts";
import { checkOperation } from "../check-arguments.ts";
import type { EngineParts } from "../engine-parts.ts";
import { findDag, findRun } from "../find-run.ts";
import { parseRunRequest, requestKeyPrefix } from "../parse-run-request.ts";
import { checkPool } from "../pools.ts";
import type { Renewals } from "../renewals.ts";
import type { EngineRequest } from "./request.ts";

/** So many requests are taken from the store at once. */
const mostAtOnce = 100;

const hourMs = 3_600_000;
/** So long answered requests are kept. */
const keptMs = 7 * 24 * hourMs;

/**
 * Does what requests in the store ask for. Each is answered in the group that does it, so that after a crash it is either
 * done and answered, or neither; a run that is asked for has the request in its idempotency key.
 */
export class RequestDesk {
  readonly #parts: EngineParts;
  readonly #renewals: Renewals;
  /** Requests that take long: they are answered later, and hold up no other. */
  readonly #underWay = new Set<number>();
  /** Requests for services that have not started yet. */
  readonly #early = new Set<number>();
  #working: Promise<number> | undefined;
  #tidiedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: EngineParts, renewals: Renewals) {
    this.#parts = parts;
    this.#renewals = renewals;
  }

  /** Answers all that is waiting. Gives how many that were. */
  answerAll(): Promise<number> {
    this.#working = (this.#working ?? Promise.resolve(0)).catch(() => 0).then(() => this.#answerAll());
    return this.#working;
  }

  /** All services have started: what was asked of them before is answered now. */
  async servicesStarted(): Promise<void> {
    this.#parts.handlers.complete();
    if (this.#early.size === 0) return;
    this.#early.clear();
    await this.answerAll();
  }

  async #answerAll(): Promise<number> {
    const { requests } = this.#parts.store;
    await this.#tidy();
    let count = 0;
    for (;;) {
      const most = mostAtOnce + this.#underWay.size + this.#early.size;
      const isOpen = ({ requestNo }: RequestRow): boolean =>
        !this.#underWay.has(requestNo) && !this.#early.has(requestNo);
      const pending = (await requests.pending(most)).filter(isOpen);
      if (pending.length === 0) return count;
      await Promise.all(pending.map((row) => this.#answer(row)));
      count += pending.length;
    }
  }

  /** Removes requests that were answered long ago; looks for them once an hour. */
  async #tidy(): Promise<void> {
    const { clock, scheduler } = this.#parts;
    const now = clock.now();
    if (now - this.#tidiedAt < hourMs) return;
    this.#tidiedAt = now;
    await scheduler.ask.write({ kind: "deleteRequests", answeredBefore: now - keptMs });
  }

  async #answer(row: RequestRow): Promise<void> {
    const { requestNo } = row;
    try {
      // The schema's library is loaded for the first request.
      const { parsePayload, parseRequest } = await import("./parse-request.ts");
      const { handlers } = this.#parts;
      const handler = handlers.handlerOf(row.operation);
      if (handler) return this.#hand(row, () => handler(parsePayload(row)));
      if (handlers.mayCome(row.operation)) return void this.#early.add(requestNo);
      const request = parseRequest(row);
      if (request.operation === "renewXComs") {
        const { operation: _, dryRun = false, ...options } = request;
        // An engine that leaves it unanswered has it done by the next, where there is something left.
        this.#hand(row, () => this.#renewals.page(options, dryRun));
      } else await this.#carryOut(request, requestNo);
    } catch (error) {
      await this.#refuse(row, error);
    }
  }

  /** What may take a while is answered when it is done, and holds up no other. */
  #hand(row: RequestRow, work: () => unknown): void {
    const { requestNo } = row;
    this.#underWay.add(requestNo);
    void Promise.resolve()
      .then(work)
      .then(
        (result) => this.#tell(requestNo, result ?? null),
        (error: unknown) => this.#refuse(row, error),
      )
      // The engine has closed, or could not store the answer: the request waits for the next one.
      .catch(() => undefined)
      .finally(() => this.#underWay.delete(requestNo));
  }

  async #refuse(row: RequestRow, error: unknown): Promise<void> {
    const { clock, scheduler } = this.#parts;
    const { requestNo, operation } = row;
    if (isMillraceError(error) && error.code === "ENGINE_CLOSED") throw error;
    const known: MillraceError = isMillraceError(error)
      ? error
      : coreError("REQUEST_INVALID", { operation, why: messageOf(error) }, { cause: error });
    // What was refused by the scheduler has its answer already; this one is then refused by the store.
    const answer = answerText({ error: known });
    await scheduler.ask.write({ kind: "answerRequest", requestNo, answer, at: clock.now() });
  }

  async #carryOut(
    request: Exclude<EngineRequest, { readonly operation: "renewXComs" }>,
    requestNo: number,
  ): Promise<void> {
    const { store, scheduler } = this.#parts;
    const { ask } = scheduler;
    switch (request.operation) {
      case "trigger":
        return this.#trigger(request, requestNo);
      case "cancel": {
        const { runNo, state } = await findRun(store, request.dagId, request.runId);
        if (isRunFinished(state)) return this.#tell(requestNo, { wasActive: false });
        await ask.cancel(runNo, request.reason ?? "cancelled on request", requestNo);
        return;
      }
      case "retry":
      case "clear":
      case "mark":
      case "clearXComs": {
        const { operation: kind, dagId, runId, dryRun: isDryRun = false, ...rest } = request;
        const { runNo } = await findRun(store, dagId, runId);
        await ask.operate(runNo, checkOperation({ kind, ...rest } as Operation), { isDryRun, requestNo });
        return;
      }
      case "pause":
      case "unpause":
        await findDag(store, request.dagId);
        return ask.pause(request.dagId, request.operation === "pause", requestNo);
      case "setCatchup":
        await this.#parts.catchup.set(checkDagId(request.dagId), request.setting, { by: "dags set", requestNo });
        return;
      case "setPool":
        checkPool(request.pool, request.slots);
        return ask.putPool(request.pool, request.slots, requestNo);
      case "signal":
        return ask.signal(checkSignalName(request.event), requestNo);
    }
  }

  async #trigger(
    { dagId, ...options }: Extract<EngineRequest, { readonly operation: "trigger" }>,
    requestNo: number,
  ): Promise<void> {
    const { dags, clock, randomness, scheduler } = this.#parts;
    const version = dags.version(dagId);
    if (!version) throw coreError("DAG_NOT_FOUND", { dagId });
    const around = { type: "manual", now: clock.now(), randomness } as const;
    const request = await parseRunRequest(version, options, around);
    const idempotencyKey = request.idempotencyKey ?? `${requestKeyPrefix}${requestNo}`;
    const answer = await scheduler.ask.create({ ...request, idempotencyKey });
    return this.#tell(requestNo, answer);
  }

  async #tell(requestNo: number, result: unknown): Promise<void> {
    const { clock, scheduler } = this.#parts;
    const answer = answerText({ result });
    await scheduler.ask.write({ kind: "answerRequest", requestNo, answer, at: clock.now() });
  }
}
