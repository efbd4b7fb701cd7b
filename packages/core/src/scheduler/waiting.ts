import { runOfEvent } from "../runtime/awaited-events.ts";
import type { Desk } from "./desk.ts";
import type { Instance } from "./live-run.ts";

/** Events that were signalled are remembered under this namespace of the state facet. */
export const signalNamespace = "signal";

/** Instances that hold no slot because they wait: for their turn, for an instant, for an event. */
export class Waiting {
  readonly #desk: Desk;
  readonly #forEvent = new Map<string, Set<Instance>>();
  readonly #enqueue: (instance: Instance) => void;

  constructor(desk: Desk, enqueue: (instance: Instance) => void) {
    this.#desk = desk;
    this.#enqueue = enqueue;
  }

  until(instance: Instance, at: number): void {
    instance.run.activity++;
    instance.cancelTimer = this.#desk.timers.at(at, () => this.#desk.post({ kind: "wake", instance }));
  }

  /** An event that came before the wait began counts; so does the end of a run that is over. */
  forEvent(instance: Instance, event: string): void {
    const { runs, plan, services } = this.#desk;
    instance.run.activity++;
    instance.awaits = event;
    const others = this.#forEvent.get(event) ?? new Set();
    others.add(instance);
    this.#forEvent.set(event, others);
    const wake = (): void => this.#desk.post({ kind: "wake", instance });
    const runNo = runOfEvent(event);
    if (runNo !== undefined) {
      // That run may be rebuilt by this very tick, so the question is asked at its end.
      return plan.after(() => {
        if (!runs.has(runNo)) wake();
      });
    }
    plan.after(() => {
      services.runtime.store.state.get(signalNamespace, event).then(
        (found) => (found === undefined ? undefined : wake()),
        // The store will be asked again when the run is rebuilt.
        () => this.#desk.lostTouch(instance.run),
      );
    });
  }

  happened(event: string): void {
    const instances = this.#forEvent.get(event);
    this.#forEvent.delete(event);
    for (const instance of instances ?? []) this.wake(instance);
  }

  wake(instance: Instance): void {
    if (instance.isReady || (instance.cancelTimer === undefined && instance.awaits === null)) return;
    this.stop(instance);
    this.#enqueue(instance);
  }

  stop(instance: Instance): void {
    const isWaiting =
      instance.isReady || instance.isExpanding || instance.cancelTimer !== undefined || instance.awaits !== null;
    instance.isExpanding = false;
    if (instance.isReady) {
      instance.isReady = false;
      if (instance.bucket) this.#desk.admission.left(instance.bucket);
    }
    instance.cancelTimer?.();
    instance.cancelTimer = undefined;
    if (instance.awaits !== null) this.#forEvent.get(instance.awaits)?.delete(instance);
    instance.awaits = null;
    if (isWaiting) instance.run.activity--;
  }

  reset(): void {
    this.#forEvent.clear();
  }
}
