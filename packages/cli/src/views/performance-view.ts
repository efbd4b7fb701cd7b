import type { PerformanceRow, TaskInstanceRow } from "@millrace/core/plugin";
import type { Core } from "../session.ts";
import { sizeText } from "../terminal/show-size.ts";
import type { Column } from "../terminal/table.ts";
import { nameOf } from "./task-view.ts";

/** What an attempt cost, as `-o json` prints it. */
export function performancePayload(row: PerformanceRow): Record<string, unknown> {
  const { attempt, scope, durationUs, cpuUs, memoryBeforeBytes, memoryAfterBytes, memoryPeakBytes, loopDelayUs } = row;
  return {
    attempt,
    scope,
    durationMs: durationUs / 1_000,
    cpuMs: cpuUs / 1_000,
    memoryBeforeBytes,
    memoryAfterBytes,
    memoryPeakBytes,
    loopDelayMs: loopDelayUs / 1_000,
  };
}

export function performanceColumns(core: Core): Column<PerformanceRow>[] {
  return [
    { title: "attempt", cell: (row) => `${nameOf(row)} #${row.attempt}`, flexible: true },
    { title: "took", cell: ({ durationUs }) => core.formatDuration(durationUs / 1_000), align: "right" },
    { title: "cpu", cell: ({ cpuUs }) => core.formatDuration(cpuUs / 1_000), align: "right" },
    { title: "memory peak", cell: ({ memoryPeakBytes }) => sizeText(memoryPeakBytes), align: "right" },
    { title: "loop delay", cell: ({ loopDelayUs }) => core.formatDuration(loopDelayUs / 1_000), align: "right" },
    { title: "of", cell: ({ scope }) => (scope === "thread" ? "its thread" : "the process") },
  ];
}

/** Attempts that do not count, in words; nothing where there are none. */
export function uncountedText({ uncounted, crashes }: Pick<TaskInstanceRow, "uncounted" | "crashes">): string {
  if (uncounted === 0 && crashes === 0) return "";
  const lost = crashes === 0 ? "" : `${crashes} lost with ${crashes === 1 ? "its process" : "their processes"}`;
  const free = uncounted === 0 ? "" : `${uncounted} of them ${uncounted === 1 ? "uses" : "use"} up no retry`;
  return [lost, free].filter((text) => text !== "").join(", ");
}
