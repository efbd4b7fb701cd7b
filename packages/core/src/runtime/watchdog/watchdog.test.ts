import fc from "fast-check";
import { expect, it, vi } from "vitest";
import type { TaskDefinition } from "../../authoring/definition.ts";
import { startWatchdog } from "./watchdog.ts";
import { places, type WatchdogData } from "./watchdog-places.ts";

/** What the thread would be given. */
let given: WatchdogData | undefined;
const names: string[] = [];
vi.mock("node:worker_threads", () => ({
  Worker: class {
    constructor(_url: URL, { workerData }: { workerData: WatchdogData }) {
      given = workerData;
    }
    unref(): void {}
    on(): void {}
    postMessage({ no, name }: { no: number; name: string }): void {
      names[no] = name;
    }
  },
}));

it("knows which tasks are under way in the order in which they began, whichever ends first", () => {
  const tasks = ["a", "b", "c", "d"].map((id) => ({ id }) as TaskDefinition);
  const step = fc.record({ task: fc.nat({ max: 3 }), begins: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const watchdog = startWatchdog(1_000, { every: () => () => undefined });
      const cells = new Int32Array((given as WatchdogData).shared);
      const underWay: TaskDefinition[] = [];
      for (const { task: place, begins } of steps) {
        const task = tasks[place] as TaskDefinition;
        if (begins && underWay.length < places.most) {
          underWay.push(task);
          watchdog.began("dag", task);
        } else if (!begins && underWay.includes(task)) {
          underWay.splice(underWay.lastIndexOf(task), 1);
          watchdog.ended(task);
        }
        const shown = [...cells.subarray(places.first, places.first + (cells[places.count] ?? 0))].map(
          (no) => names[no],
        );
        expect(shown).toEqual(underWay.map(({ id }) => `task '${id}' of DAG 'dag'`));
      }
    }),
  );
});
