import type { EventFacet, EventRow, LogFacet, LogRow } from "./contract.ts";
import { type Access, capped } from "./memory-record-readers.ts";
import { lowerBound } from "./memory-tables.ts";

export function eventReader(access: Access): EventFacet {
  return {
    async list({ after = 0, runNo, limit = 1000 }) {
      const { events, eventsOfRun, runs } = access();
      // The event's own DAG, else that of its run.
      const shown = (event: EventRow): EventRow => ({
        ...event,
        dagId: event.dagId ?? (event.runNo === null ? null : (runs[event.runNo]?.dagId ?? null)),
      });
      const numbers = runNo === undefined ? undefined : (eventsOfRun.get(runNo) ?? []);
      const found: EventRow[] = [];
      const end = numbers?.length ?? events.length;
      let place = numbers ? lowerBound(numbers, (seq) => seq <= after) : Math.max(1, Math.floor(after) + 1);
      for (; place < end && found.length < capped(limit); place++) {
        const event = events[numbers ? (numbers[place] as number) : place];
        if (event !== undefined) found.push(shown(event));
      }
      return found;
    },
    last: async () => access().events.length - 1,
    lastBefore: async (at) => lastBefore(access().events, at),
  };
}

export function logReader(access: Access): LogFacet {
  return {
    async list({ taskInstanceNo, attempt, after = 0, limit = 1000 }) {
      const { logs, logsOfTask } = access();
      const numbers = logsOfTask.get(taskInstanceNo) ?? [];
      const found: LogRow[] = [];
      for (
        let at = lowerBound(numbers, (no) => no <= after);
        at < numbers.length && found.length < capped(limit);
        at++
      ) {
        const row = logs[numbers[at] as number];
        if (row !== undefined && (attempt === undefined || row.attempt === attempt)) found.push({ ...row });
      }
      return found;
    },
    lastBefore: async (at) => lastBefore(access().logs, at),
  };
}

/** Place of the last row before this instant, in rows that are in the order of time; 0 when there is none. */
function lastBefore(rows: readonly ({ readonly at: number } | undefined)[], at: number): number {
  const numbers = rows.flatMap((row, no) => (row === undefined ? [] : [no]));
  return numbers[lowerBound(numbers, (no) => (rows[no]?.at ?? 0) < at) - 1] ?? 0;
}
