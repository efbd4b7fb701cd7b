import type { Outcome, PutChunk } from "@millrace/core/plugin";
import { silent, type Writer } from "./writer.ts";

export function chunkPutter({ sql }: Writer): (change: PutChunk) => Outcome {
  const put = sql.get("INSERT OR REPLACE INTO chunks (stream_id, seq, created_at, bytes) VALUES (?, ?, ?, ?)");
  return ({ streamId, seq, bytes, at }) => {
    put.all(streamId, seq, at, bytes);
    return silent;
  };
}
