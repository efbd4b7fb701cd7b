/** What is asked of the engine of a store, and answered by it. */

export type RequestChange = FileRequest | AnswerRequest | DeleteRequests;

/**
 * Asks the engine of the store for something; answered with `filed`. An id that is there already gets the same number
 * again, and nothing changes. The only change that a store opened as `client` takes.
 */
export interface FileRequest {
  readonly kind: "fileRequest";
  /** Chosen by who asks, so that asking again is harmless. */
  readonly requestId: string;
  readonly operation: string;
  /** JSON text. */
  readonly payload: string;
  readonly at: number;
}

/** Refused when there is no such request, or it is answered already. */
export interface AnswerRequest {
  readonly kind: "answerRequest";
  readonly requestNo: number;
  /** JSON text. */
  readonly answer: string;
  readonly at: number;
}

/** Removes requests that were answered before this instant. Their numbers are never given out again. */
export interface DeleteRequests {
  readonly kind: "deleteRequests";
  readonly answeredBefore: number;
}
