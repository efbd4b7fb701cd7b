import type { AnswerRequest, DeleteRequests, FileRequest, Outcome } from "@millrace/core/plugin";
import type { Statements } from "../statements.ts";
import { refused, silent } from "./writer.ts";

/** Writes to what engines and clients write to both: nothing here may count on being the only writer. */
interface Requests {
  readonly sql: Statements;
}

export function requestFiler({ sql }: Requests): (change: FileRequest) => Outcome {
  const find = sql.get("SELECT request_no AS requestNo FROM requests WHERE request_id = ?");
  const insert = sql.get("INSERT INTO requests (request_id, operation, payload, filed_at) VALUES (?, ?, ?, ?)");
  return ({ requestId, operation, payload, at }) => {
    const requestNo = find.get(requestId)?.requestNo ?? insert.run(requestId, operation, payload, at).lastInsertRowid;
    return { status: "filed", requestNo: Number(requestNo) };
  };
}

export function requestAnswerer({ sql }: Requests): (change: AnswerRequest) => Outcome {
  const answerOnce = sql.get(
    "UPDATE requests SET answered_at = ?, answer = ? WHERE request_no = ? AND answered_at IS NULL",
  );
  const find = sql.get("SELECT 1 FROM requests WHERE request_no = ?");
  return ({ requestNo, answer, at }) => {
    if (answerOnce.run(at, answer, requestNo).changes === 1) return silent;
    return refused(find.get(requestNo) === undefined ? "there is no such request" : "the request is answered already");
  };
}

export function requestDeleter({ sql }: Requests): (change: DeleteRequests) => Outcome {
  const remove = sql.get("DELETE FROM requests WHERE answered_at < ?");
  return ({ answeredBefore }) => {
    remove.all(answeredBefore);
    return silent;
  };
}
