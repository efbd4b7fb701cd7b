import type { AttemptPerformance, Change, FinishTask } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import { endOfRow } from "./neighbours.ts";

/** The end of the first attempt of the instance of this number, which nothing else tells from its neighbours. */
function end(no: number, change: Partial<FinishTask> = {}): FinishTask {
  const nothing = { error: null, wakeAt: null, awaits: null, xcoms: [], deletes: [], reads: [], performance: null };
  const numbers = { taskInstanceNo: no, token: no + 100, runNo: 1, attempt: 1, at: 7 };
  return { kind: "finishTask", state: "success", replacesXComs: false, ...nothing, ...numbers, ...change };
}

const cost: AttemptPerformance = {
  scope: "thread",
  ...{ durationUs: 1, cpuUs: 1, loopDelayUs: 1 },
  ...{ memoryBeforeBytes: 1, memoryAfterBytes: 1, memoryPeakBytes: 1 },
};

test("ends with results, reads and costs of their own are still written in one row", () => {
  const reads = [{ taskInstanceNo: 1, key: "k", sizeBytes: 1 }];
  const xcoms = [{ key: "k", format: "json", stored: "1", sizeBytes: 1 }] as const;
  const changes: Change[] = [end(5, { reads }), end(6, { performance: cost }), end(7, { xcoms }), end(8)];
  expect(endOfRow(changes, 0)).toBe(4);
});

test("an end that does more than add to what is there ends the row", () => {
  const others: Partial<FinishTask>[] = [
    ...[{ replacesXComs: true }, { error: "{}" }, { wakeAt: 1 }, { awaits: "e" }],
    ...[{ deletes: [{ taskInstanceNo: 1, key: "k" }] }, { state: "failed" } as const, { token: 1 }, { at: 8 }],
  ];
  for (const other of others) {
    expect(endOfRow([end(5), end(6), end(7), end(8, other), end(9)], 0)).toBe(3);
  }
  expect(endOfRow([end(5), end(6), end(8), end(9)], 0)).toBe(1);
});
