import type { ChunkFacet } from "@millrace/core/plugin";
import type { Read } from "./reading.ts";

export function chunkFacet(read: Read): ChunkFacet {
  return {
    get: (streamId, seq) =>
      read((sql) => {
        const bytes = sql.get("SELECT bytes FROM chunks WHERE stream_id = ? AND seq = ?").get(streamId, seq)?.bytes;
        return bytes === undefined ? undefined : (bytes as Uint8Array);
      }),
  };
}
