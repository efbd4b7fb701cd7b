import type { AnswerRequest, DeleteRequests, FileRequest, Outcome } from "./contract.ts";
import { silent } from "./memory-event.ts";
import type { Transaction } from "./memory-tables.ts";

export function fileRequest(tx: Transaction, change: FileRequest): Outcome {
  const { tables } = tx;
  const { requestId, operation, payload, at } = change;
  const known = tables.requestNoById.get(requestId);
  if (known !== undefined) return { status: "filed", requestNo: known };
  const requestNo = tables.requests.length;
  tx.append(tables.requests, {
    requestNo,
    requestId,
    operation,
    payload,
    filedAt: at,
    answeredAt: null,
    answer: null,
  });
  tx.set(tables.requestNoById, requestId, requestNo);
  tx.mark(tables.unanswered, requestNo, true);
  return { status: "filed", requestNo };
}

export function answerRequest(tx: Transaction, { requestNo, answer, at }: AnswerRequest): Outcome {
  const row = tx.tables.requests[requestNo];
  if (row === undefined) return { status: "refused", reason: "there is no such request" };
  if (row.answeredAt !== null) return { status: "refused", reason: "the request is answered already" };
  tx.replace(tx.tables.requests, requestNo, { ...row, answeredAt: at, answer });
  tx.mark(tx.tables.unanswered, requestNo, false);
  return silent;
}

export function deleteRequests(tx: Transaction, { answeredBefore }: DeleteRequests): Outcome {
  const { tables } = tx;
  for (const row of tables.requests) {
    if (row === undefined || row.answeredAt === null || row.answeredAt >= answeredBefore) continue;
    tx.replace(tables.requests, row.requestNo, undefined);
    tx.delete(tables.requestNoById, row.requestId);
  }
  return silent;
}
