import type { DeleteChunks, Outcome } from "@millrace/core/plugin";
import { silent, type Writer } from "./writer.ts";

export function chunkDeleter({ sql }: Writer): (change: DeleteChunks) => Outcome {
  const remove = sql.get("DELETE FROM chunks WHERE stream_id = ?");
  return ({ streamId }) => {
    remove.all(streamId);
    return silent;
  };
}
