import { coreError, MillraceError } from "../../errors.ts";
import type { RequestAnswer } from "../../scheduler/operations/request-answer.ts";
import type { Store } from "../../store/contract.ts";
import { type Clock, systemClock } from "../../time/clock.ts";
import { type Randomness, systemRandomness } from "../../time/random.ts";
import { nudge, nudgePath } from "./nudge-socket.ts";
import type { EngineRequest } from "./request.ts";
import type { ServiceRequest } from "./service-requests.ts";

export interface FileRequestOptions {
  /** Opened with `open("client")`. */
  readonly store: Store;
  /** The folder for what Millrace keeps: of the engine that is asked. */
  readonly home: string;
  /** How long to wait for the answer, in milliseconds. Default 10,000. */
  readonly patienceMs?: number;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
}

const pollMs = 100;

/**
 * Asks the engine that works on a store for something, and waits for its answer. Filed is filed: after a
 * `REQUEST_NOT_ANSWERED` the engine still does it when it comes to it.
 *
 * @throws `REQUEST_NOT_ANSWERED`, and what the engine refused it with, under the engine's code
 */
export async function fileRequest(
  request: EngineRequest | ServiceRequest,
  options: FileRequestOptions,
): Promise<unknown> {
  const { store, home, patienceMs = 10_000, clock = systemClock, randomness = systemRandomness } = options;
  const { operation, ...payload } = request;
  const [filed] = await store.commit(
    [
      {
        kind: "fileRequest",
        requestId: randomness.hex(16),
        operation,
        payload: JSON.stringify(payload),
        at: clock.now(),
      },
    ],
    { durability: "full" },
  );
  if (filed.status !== "filed") throw coreError("STORE_FAILED", { why: `it answered '${filed.status}' to a request` });
  const { requestNo } = filed;
  let answered = new AbortController();
  const nudged = nudge(nudgePath(home), requestNo, () => answered.abort());
  try {
    for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += pollMs) {
      await clock.sleep(pollMs, answered.signal);
      answered = new AbortController();
      const row = await store.requests.get(requestNo);
      if (row?.answer != null) return resultOf(JSON.parse(row.answer) as RequestAnswer);
    }
  } finally {
    nudged.close();
  }
  throw coreError("REQUEST_NOT_ANSWERED", { operation, requestNo, seconds: patienceMs / 1_000 });
}

function resultOf(answer: RequestAnswer): unknown {
  if ("result" in answer) return answer.result;
  const { code, message, cure } = answer.error;
  throw new MillraceError(code, { says: "{message}", cure: "{cure}" }, { message, cure });
}
