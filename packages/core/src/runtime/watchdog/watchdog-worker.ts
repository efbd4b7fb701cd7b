// Runs in a thread of its own: looks whether the engine's thread still turns, whatever that one is doing.
import { writeSync } from "node:fs";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { type NamedTask, places, type WatchdogData } from "./watchdog-places.ts";

const { shared, afterMs } = workerData as WatchdogData;
const cells = new Int32Array(shared);
const names = new Map<number, string>();
const standardError = 2;

for (let seen = 0; seen !== places.closed; ) {
  const answer = Atomics.wait(cells, places.beats, seen, afterMs);
  if (answer === "timed-out") {
    report();
    // One report for each time that it stands still.
    Atomics.wait(cells, places.beats, seen);
  }
  seen = Atomics.load(cells, places.beats);
}

function report(): void {
  if (parentPort)
    for (let given = receiveMessageOnPort(parentPort); given; given = receiveMessageOnPort(parentPort)) {
      const { no, name } = given.message as NamedTask;
      names.set(no, name);
    }
  const count = Math.min(Atomics.load(cells, places.count), places.most);
  const underWay = Array.from({ length: count }, (_, at) => Atomics.load(cells, places.first + count - 1 - at))
    .map((no) => names.get(no))
    .filter((name) => name !== undefined);
  const tasks =
    underWay.length === 0 ? "no task of it is under way" : `under way, last begun first: ${underWay.join(", ")}`;
  const text = `[WATCHDOG] MillraceWarning: the engine has been held up for ${afterMs} ms and still is; ${tasks}. Give a task that computes isolation: "thread".\n`;
  try {
    // Past the streams: they are served by the very thread that stands still.
    writeSync(standardError, text);
  } catch {
    // Nobody reads it.
  }
}
