import type { RequestFacet, RequestRow } from "@millrace/core/plugin";
import { capped, type Read, rowOf, rowsOf } from "./reading.ts";

const select = `SELECT request_no AS requestNo, request_id AS requestId, operation, payload, filed_at AS filedAt,
  answered_at AS answeredAt, answer FROM requests`;

export function requestFacet(read: Read): RequestFacet {
  return {
    get: (requestNo) => read((sql) => rowOf<RequestRow>(sql.get(`${select} WHERE request_no = ?`).get(requestNo))),
    pending: (limit = 100) =>
      read((sql) => {
        const query = `${select} WHERE answered_at IS NULL ORDER BY request_no LIMIT ?`;
        return rowsOf<RequestRow>(sql.get(query).all(capped(limit)));
      }),
  };
}
