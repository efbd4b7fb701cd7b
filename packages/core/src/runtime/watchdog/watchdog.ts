import { Worker } from "node:worker_threads";
import type { TaskDefinition } from "../../authoring/definition.ts";
import type { Meter } from "../../time/meter.ts";
import { type NamedTask, places, type WatchdogData } from "./watchdog-places.ts";

/** Told which attempts are under way beside the engine. */
export interface AttemptWatch {
  began(dagId: string, task: TaskDefinition): void;
  ended(task: TaskDefinition): void;
}

/** A thread that says on standard error, while it happens, that the engine's thread stands still, and in whose task. */
export interface Watchdog extends AttemptWatch {
  close(): void;
}

const beatsPerWait = 4;
const leastBeatMs = 10;

/**
 * Begins to watch the thread that calls it. The heart beats from a timer of its own, never from what tasks do; neither
 * the timer nor the thread keeps the process alive.
 */
export function startWatchdog(afterMs: number, meter: Pick<Meter, "every">): Watchdog {
  const shared = new SharedArrayBuffer((places.first + places.most) * Int32Array.BYTES_PER_ELEMENT);
  const cells = new Int32Array(shared);
  const numbers = new WeakMap<TaskDefinition, number>();
  let named = 0;
  const worker = new Worker(workerFile(), { workerData: { shared, afterMs } satisfies WatchdogData });
  worker.unref();
  // Without it everything goes on as before.
  worker.on("error", () => undefined);
  const beat = (): void => {
    Atomics.add(cells, places.beats, 1);
    Atomics.notify(cells, places.beats);
  };
  const stop = meter.every(Math.max(leastBeatMs, afterMs / beatsPerWait), beat);
  let underWay = 0;
  return {
    began(dagId, task) {
      let no = numbers.get(task);
      if (no === undefined) {
        no = ++named;
        numbers.set(task, no);
        worker.postMessage({ no, name: `task '${task.id}' of DAG '${dagId}'` } satisfies NamedTask);
      }
      if (underWay < places.most) cells[places.first + underWay] = no;
      Atomics.store(cells, places.count, ++underWay);
    },
    ended(task) {
      const last = --underWay;
      const no = numbers.get(task);
      // Mostly the one that began last ends first.
      for (let at = Math.min(last, places.most - 1); at >= 0; at--) {
        if (cells[places.first + at] !== no) continue;
        cells.copyWithin(places.first + at, places.first + at + 1, places.first + Math.min(last + 1, places.most));
        break;
      }
      Atomics.store(cells, places.count, last);
    },
    close() {
      stop();
      Atomics.store(cells, places.beats, places.closed);
      Atomics.notify(cells, places.beats);
    },
  };
}

/** The thread's module stands beside this one, as a source file or as it was built. */
function workerFile(): URL {
  return import.meta.url.endsWith(".ts")
    ? new URL("./watchdog-worker.ts", import.meta.url)
    : new URL("./runtime/watchdog/watchdog-worker.js", import.meta.url);
}
