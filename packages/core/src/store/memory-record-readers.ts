import type { ChunkFacet, PerformanceRow, RequestFacet, StreamRow, TaskInstanceRow, XComReadRow } from "./contract.ts";
import type { Tables } from "./memory-tables.ts";

/** Gives the tables to a reader, or throws when the store is closed. */
export type Access = () => Tables;

/** @param readers - in the order wanted */
export function readsOfRun(tables: Tables, readers: readonly TaskInstanceRow[]): readonly XComReadRow[] {
  return readers.flatMap(({ taskInstanceNo, taskId, mapIndex }) =>
    [...(tables.reads.get(taskInstanceNo)?.values() ?? [])]
      .flatMap(({ taskInstanceNo: sourceNo, key, sizeBytes }): XComReadRow[] => {
        const source = tables.tasks[sourceNo];
        const run = tables.runs[source?.runNo ?? 0];
        if (source === undefined || run === undefined) return [];
        return [
          {
            taskInstanceNo,
            taskId,
            mapIndex,
            sourceNo,
            sourceRunNo: run.runNo,
            sourceRunId: run.runId,
            sourceTaskId: source.taskId,
            sourceMapIndex: source.mapIndex,
            key,
            sizeBytes,
          },
        ];
      })
      .sort((a, b) => a.sourceNo - b.sourceNo || byText(a.key, b.key)),
  );
}

/** @param rows - in the order wanted */
export function performanceOfRun(tables: Tables, rows: readonly TaskInstanceRow[]): readonly PerformanceRow[] {
  return rows.flatMap(({ taskInstanceNo, taskId, mapIndex }) =>
    [...(tables.performance.get(taskInstanceNo) ?? [])]
      .map(([attempt, performance]) => ({ taskInstanceNo, taskId, mapIndex, attempt, ...performance }))
      .sort((a, b) => a.attempt - b.attempt),
  );
}

export function requestReader(access: Access): RequestFacet {
  return {
    async get(requestNo) {
      const row = access().requests[requestNo];
      return row === undefined ? undefined : { ...row };
    },
    async pending(limit = 100) {
      const { requests, unanswered } = access();
      const numbers = [...unanswered].sort((a, b) => a - b).slice(0, capped(limit));
      return numbers.flatMap((no) => (requests[no] === undefined ? [] : [{ ...requests[no] }]));
    },
  };
}

/** The rows that a list may hand out at once. */
export function capped(limit: number): number {
  return Math.min(Math.max(Math.floor(limit), 0), 10_000);
}

/** By code point, as databases compare UTF-8. */
export function byText(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function chunkReader(access: Access): ChunkFacet {
  return {
    get: async (streamId, seq) => access().chunks.get(streamId)?.get(seq)?.bytes.slice(),
    async streams({ after = "", limit }) {
      return [...access().chunks]
        .filter(([streamId, chunks]) => chunks.size > 0 && byText(streamId, after) > 0)
        .sort(([a], [b]) => byText(a, b))
        .slice(0, capped(limit))
        .map(([streamId, chunks]): StreamRow => {
          const kept = [...chunks.values()];
          return {
            streamId,
            sizeBytes: kept.reduce((sum, { bytes }) => sum + bytes.length, 0),
            chunkCount: kept.length,
            newestAt: Math.max(...kept.map(({ at }) => at)),
          };
        });
    },
  };
}
