import { isPlainRecord } from "../../authoring/option-reader.ts";
import { coreError } from "../../errors.ts";
import { type DurationInput, parseDuration } from "../../time/duration.ts";
import type { EngineService, ServiceHost } from "../service.ts";
import { type RemovedExpired, removeExpired } from "./remove-expired.ts";
import { keepsEverything, parseRetention, type RetentionOptions, type RetentionRules } from "./retention-rules.ts";

/** What another process asks the service of an engine for, by `fileRequest`; answered with a {@link RemovedExpired}. */
export const cleanRequest = "retention.clean" as const;

export interface RetentionServiceOptions {
  /** What is kept. Default: runs for 365 d and at most 10,000 of each DAG, their XComs for 90 d, logs for 30 d, events for 90 d. `false`: everything. */
  readonly retention?: RetentionOptions | false;
  /** The pause between two removals. Default 1 h. */
  readonly every?: DurationInput;
}

/** A request is answered after so long, with what was done by then. */
const longestAnswerMs = 3_000;

/**
 * Keeps the store from growing for ever: when the engine starts and then every hour it removes runs, XComs, logs and events that
 * are older, or more, than `retention` keeps, in small pieces beside all else. Runs go with their task instances, XComs,
 * state, logs and events; a run that has not ended stays, and so does the one of a DAG that ended last. What XComs kept
 * outside of the store is removed by `collectorService`. Something removed is told by an event `retention.removed`;
 * what goes wrong is reported as `service.failed` and tried again with the next removal.
 *
 * @throws `RETENTION_INVALID`, `DURATION_INVALID`
 * @example
 * ```ts
 * import { createEngine, memoryStore, retentionService } from "@millrace/core/engine";
 *
 * const retention = { runs: { olderThan: "90d", keep: 1_000 }, dags: { audit: false } } as const;
 * const services = [retentionService({ retention })];
 * await using engine = await createEngine({ dags: [], store: memoryStore(), services });
 * await engine.start();
 * ```
 */
export function retentionService({ retention, every = "1h" }: RetentionServiceOptions = {}): EngineService {
  const rules = parseRetention(retention);
  const everyMs = parseDuration(every);
  // One removal at a time: two would only hinder each other.
  let work: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const done = work.then(step);
    work = done.catch(() => undefined);
    return done;
  };
  let rounds: Promise<void> = Promise.resolve();
  return {
    name: "retention",
    start(host) {
      const { clock, signal, report } = host;
      host.answer(cleanRequest, (payload) => inTurn(() => removeAsAsked(host, payload)));
      if (keepsEverything(rules)) return;
      rounds = (async () => {
        while (!signal.aborted) {
          await inTurn(() => remove(host, { rules })).catch((error: unknown) => {
            if (!signal.aborted) report(error);
          });
          await clock.sleep(everyMs, signal);
        }
      })();
    },
    async stop() {
      await rounds;
      await work;
    },
  };
}

async function remove(
  { store, write, clock, signal }: ServiceHost,
  what: { readonly rules: RetentionRules; readonly dagId?: string; readonly budgetMs?: number },
): Promise<RemovedExpired> {
  const removed = await removeExpired({ ...what, store, write, clock, signal });
  const { dags, xcoms, backfills, events, logLines } = removed;
  const runs = dags.reduce((sum, dag) => sum + dag.runs, 0);
  if (runs + xcoms + backfills + events + logLines > 0) {
    const about = { dagId: null, runNo: null, taskInstanceNo: null, attempt: null };
    const data = JSON.stringify({ runs, xcoms, backfills, events, logLines });
    await write({ kind: "appendEvent", event: { at: clock.now(), kind: "retention.removed", ...about, data } });
  }
  return removed;
}

/** @throws `REQUEST_INVALID`, `RETENTION_INVALID` */
async function removeAsAsked(host: ServiceHost, payload: unknown): Promise<RemovedExpired> {
  const { retention, dagId } = (isPlainRecord(payload) ? payload : {}) as Readonly<Record<string, unknown>>;
  if (dagId !== undefined && typeof dagId !== "string")
    throw coreError("REQUEST_INVALID", { operation: cleanRequest, why: "its dagId is no text" });
  if (retention !== false && !isPlainRecord(retention))
    throw coreError("REQUEST_INVALID", { operation: cleanRequest, why: "it has no rules" });
  const rules = parseRetention(retention as RetentionOptions | false);
  return remove(host, { rules, budgetMs: longestAnswerMs, ...(dagId !== undefined && { dagId }) });
}
