import type { ChunkFacet, StreamRow } from "@millrace/core/plugin";
import { capped, type Read, rowsOf } from "./reading.ts";

export function chunkFacet(read: Read): ChunkFacet {
  return {
    get: (streamId, seq) =>
      read((sql) => {
        const bytes = sql.get("SELECT bytes FROM chunks WHERE stream_id = ? AND seq = ?").get(streamId, seq)?.bytes;
        return bytes === undefined ? undefined : (bytes as Uint8Array);
      }),
    // The length of a blob stands in front of it: its pages are not read.
    streams: ({ after = "", limit }) =>
      read((sql) =>
        rowsOf<StreamRow>(
          sql
            .get(
              `SELECT stream_id AS streamId, sum(length(bytes)) AS sizeBytes, count(*) AS chunkCount,
                 max(created_at) AS newestAt
               FROM chunks WHERE stream_id > ? GROUP BY stream_id ORDER BY stream_id LIMIT ?`,
            )
            .all(after, capped(limit)),
        ),
      ),
  };
}
