import { isFinished, type TaskState } from "../lifecycle/states.ts";

/** How the same task stands in the previous run. */
export interface PastTask {
  /** `undefined`: the previous run has no such task; it is new. */
  readonly state: TaskState | undefined;
  /** States of its direct downstream tasks there, as far as it has them; asked for only with `waitForDownstream`. */
  readonly downstream: readonly TaskState[];
}

export interface PastQuery {
  readonly dependsOnPast: boolean;
  readonly waitForDownstream: boolean;
  /** `undefined`: there is no previous run. */
  readonly previous: PastTask | undefined;
  /** The first run of a backfill does not look back. */
  readonly isFirstOfBackfill: boolean;
}

/** `met`; `pending` while the previous run may still change its mind; `unmet` until somebody clears it. With a sentence for people. */
export type PastDecision =
  | { readonly met: true }
  | { readonly met: false; readonly isPending: boolean; readonly why: string };

const met: PastDecision = { met: true };

/**
 * Decides depends-on-past as Airflow does: the previous instance must have succeeded or been skipped. A task that the
 * previous run does not have depends on nothing yet.
 */
export function decidePast(query: PastQuery): PastDecision {
  if (!query.dependsOnPast && !query.waitForDownstream) return met;
  if (query.previous === undefined || query.isFirstOfBackfill) return met;
  const { state, downstream } = query.previous;
  if (state === undefined) return met;
  if (!wentWell(state))
    return {
      met: false,
      isPending: !isFinished(state),
      why: `it depends on its past, which is '${state}' in the previous run`,
    };
  if (!query.waitForDownstream) return met;
  const bad = downstream.find((other) => !wentWell(other));
  return bad === undefined
    ? met
    : {
        met: false,
        isPending: !isFinished(bad),
        why: `it waits for the tasks behind it in the previous run, one of which is '${bad}'`,
      };
}

function wentWell(state: TaskState): boolean {
  return state === "success" || state === "skipped";
}
