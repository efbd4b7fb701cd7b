import type { Change, RunRow } from "../../store/contract.ts";
import { chunkMarker } from "../chunk-place.ts";
import type { PlacedXCom, XComPlace } from "../parts.ts";
import type { CollectorReads } from "./judge.ts";

/** Something that a collector looks at. */
export interface Collectable extends PlacedXCom {
  /** Nobody can have it: the task instance that has written it is no more, and its number is never given out again. */
  readonly isLost?: boolean;
}

/** What a store keeps in pieces, as a place that can be listed. */
export type CollectablePlace = Pick<XComPlace, "name" | "marker" | "refOf" | "remove"> & {
  list?(...given: Parameters<NonNullable<XComPlace["list"]>>): AsyncIterable<Collectable>;
};

const pageSize = 1_000;
/** The task instance and the attempt, then something random. */
const idOfStream = /^(\d{1,15})\/\d{1,15}\/([0-9a-f]+)$/;

/** As changes of the engine that writes the store. */
export async function removeStreams(
  write: (change: Change) => Promise<unknown>,
  streamIds: readonly string[],
): Promise<void> {
  for (const streamId of streamIds) await write({ kind: "deleteChunks", streamId });
}

/** The streams that no other place took, which stay in the store itself. */
export function storedStreams(
  { chunks, runs, tasks }: Pick<CollectorReads, "chunks" | "runs" | "tasks">,
  remove: (streamIds: readonly string[]) => Promise<void>,
): CollectablePlace {
  async function* list(): AsyncGenerator<Collectable, void, undefined> {
    let run: RunRow | undefined;
    let after: string | undefined;
    for (;;) {
      const page = await chunks.streams({ limit: pageSize, ...(after !== undefined && { after }) });
      for (const { streamId, sizeBytes, newestAt } of page) {
        const stream = { ref: streamId, sizeBytes, createdAt: newestAt, isPartial: false };
        const taskInstanceNo = idOfStream.exec(streamId)?.[1];
        const task = taskInstanceNo === undefined ? undefined : await tasks.get(Number(taskInstanceNo));
        if (task && task.runNo !== run?.runNo) run = await runs.get(task.runNo);
        if (!task || !run) {
          yield { ...stream, isLost: taskInstanceNo !== undefined };
          continue;
        }
        const { dagId, runId } = run;
        const { taskId, mapIndex } = task;
        // Its key stands only in the row that leads to it.
        yield { ...stream, address: { dagId, runId, taskId, mapIndex, key: "" } };
      }
      if (page.length < pageSize) return;
      after = page.at(-1)?.streamId;
    }
  }
  return {
    name: "store",
    marker: chunkMarker,
    refOf({ stream_id: streamId }) {
      if (typeof streamId !== "string") throw new Error("it names no stream");
      return streamId;
    },
    remove,
    list,
  };
}
