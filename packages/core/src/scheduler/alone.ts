import type { Admission } from "./admission.ts";
import { slotsOf } from "./admission.ts";
import type { Attempts } from "./attempts.ts";
import type { Instance } from "./live-run.ts";

/**
 * Instances whose process has died so often that they would be given up, but not under them alone. Each is attempted while
 * nothing else is, so that the next death tells. They go first: when an engine begins, nothing is under way yet.
 */
export class Alone {
  #waiting: Instance[] = [];
  #running: number | undefined;

  add(instance: Instance): void {
    this.#waiting.push(instance);
  }

  reset(): void {
    this.#waiting = [];
    this.#running = undefined;
  }

  /**
   * The instance to be attempted now. `held`: nobody may begin, because one of them is under way or waits for others to
   * end. `undefined`: there are none.
   */
  next(attempts: Pick<Attempts, "inflight">, admission: Admission<Instance>): Instance | "held" | undefined {
    if (this.#running !== undefined && attempts.inflight.get(this.#running)) return "held";
    this.#running = undefined;
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      if (first.isReady && attempts.inflight.size > 0) return "held";
      this.#waiting.shift();
      const { bucket } = first;
      if (!first.isReady || !bucket) continue;
      // It has shown what it does once it has been attempted like this.
      first.isAlone = false;
      if (bucket.limits.every((limit) => limit.hasRoom(slotsOf(bucket, limit)))) {
        admission.occupy(bucket);
        return first;
      }
      admission.add(bucket, first);
    }
    return undefined;
  }

  began({ token }: Instance): void {
    this.#running = token;
  }
}
