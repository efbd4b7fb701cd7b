import type { PoolFacet, PoolRow } from "@millrace/core/plugin";
import { type Read, rowsOf } from "./reading.ts";

export function poolFacet(read: Read): PoolFacet {
  return { list: () => read((sql) => rowsOf<PoolRow>(sql.get("SELECT pool, slots FROM pools ORDER BY pool").all())) };
}
