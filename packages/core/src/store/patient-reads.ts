import { isMillraceError } from "../errors.ts";
import { type Clock, monotonicOf } from "../time/clock.ts";
import type { ChunkFacet, RunFacet, StateFacet, Store, TaskFacet, XComFacet } from "./contract.ts";

const firstPauseMs = 50;
const longestPauseMs = 2_000;

/** Errors of a store that may be over when it is asked again; a value that is corrupt stays so. */
const passing = ["STORE_BUSY", "STORE_FAILED", "STORE_FULL"];

/** What attempts read of a store. */
export interface PatientReads {
  readonly runs: Pick<RunFacet, "get" | "find">;
  readonly tasks: Pick<TaskFacet, "ofRun" | "find">;
  readonly xcoms: Pick<XComFacet, "get" | "getMany" | "ofRun" | "prior">;
  readonly chunks: Pick<ChunkFacet, "get">;
  readonly state: Pick<StateFacet, "get">;
  readonly previousRun: RunFacet["previous"];
}

/**
 * Reads that fail are tried again for as long as the engine puts up with its store: what ails the store is no failure
 * of the task that happens to read, and must not cost it an attempt.
 */
export function patientReads(
  store: Store,
  options: { readonly clock: Clock; readonly patienceMs: number },
): PatientReads {
  const { clock, patienceMs } = options;
  const retry = async <T>(read: () => Promise<T>, error: unknown): Promise<T> => {
    const since = monotonicOf(clock);
    let last = error;
    for (let pauseMs = firstPauseMs; mayPass(last); pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      if (monotonicOf(clock) - since >= patienceMs) break;
      await clock.sleep(pauseMs);
      try {
        return await read();
      } catch (again) {
        last = again;
      }
    }
    throw last;
  };
  const patiently = <T>(read: () => Promise<T>): Promise<T> => read().catch((error: unknown) => retry(read, error));
  const { runs, tasks, xcoms, chunks, state } = store;
  return {
    runs: {
      get: (runNo) => patiently(() => runs.get(runNo)),
      find: (dagId, runId) => patiently(() => runs.find(dagId, runId)),
    },
    tasks: {
      ofRun: (runNo) => patiently(() => tasks.ofRun(runNo)),
      find: (query) => patiently(() => tasks.find(query)),
    },
    xcoms: {
      get: (ref) => patiently(() => xcoms.get(ref)),
      getMany: (taskInstanceNos, key) => patiently(() => xcoms.getMany(taskInstanceNos, key)),
      ofRun: (runNo) => patiently(() => xcoms.ofRun(runNo)),
      prior: (query) => patiently(() => xcoms.prior(query)),
    },
    chunks: { get: (streamId, seq) => patiently(() => chunks.get(streamId, seq)) },
    state: { get: (namespace, key) => patiently(() => state.get(namespace, key)) },
    previousRun: (query) => patiently(() => runs.previous(query)),
  };
}

/** Whether a read that failed so may work when it is tried again. */
export function mayPass(error: unknown): boolean {
  return !isMillraceError(error) || passing.includes(error.code);
}
