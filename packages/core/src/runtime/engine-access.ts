import type { TaskContext } from "../authoring/context.ts";
import type { RunState } from "../lifecycle/states.ts";
import type { Clock } from "../time/clock.ts";

/** What built-in tasks may ask of the engine; not part of the public context. */
export interface EngineAccess {
  readonly clock: Clock;
  /** Makes a run, or finds the one with this idempotency key. */
  trigger(request: {
    readonly dagId: string;
    readonly params?: unknown;
    readonly conf?: Readonly<Record<string, unknown>>;
    readonly runId?: string;
    readonly idempotencyKey: string;
  }): Promise<{ readonly runNo: number; readonly runId: string; readonly state: RunState }>;
}

/** Under this symbol a context hides the engine's access. */
export const accessKey = Symbol.for("millrace.engine-access");

/** The access that the runtime put into a context. */
export function accessOf(context: TaskContext): EngineAccess {
  return (context as TaskContext & { readonly [accessKey]: EngineAccess })[accessKey];
}
