import { isMillraceError } from "../errors.ts";
import { processMeter } from "../time/meter.ts";
import type { XComAddress, XComPieces } from "./parts.ts";

/** One thing that a part of an XCom backend has done, in numbers only. */
export interface XComOperation {
  /** The part's name; `json` turns values into text and back, `store` keeps streams in the store. */
  readonly part: string;
  readonly operation: "write" | "read" | "remove";
  readonly address: XComAddress;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Without the time that it waited for others of the stack. */
  readonly durationUs: number;
  /** `declined`: the part has left the value as it was. */
  readonly outcome: "done" | "declined" | "failed";
  /** Why it failed: the error's code, if it has one. */
  readonly code?: string;
}

/** Told of each operation. Must not throw. */
export type OnOperation = (operation: XComOperation) => void;

type About = Pick<XComOperation, "part" | "operation" | "address">;

/** Errors that were counted where they arose and pass through other parts on their way. */
const counted = new WeakSet<Error>();

/** Does it, and tells what became of it. @param sizes - asked after it is done; `undefined` for a value that was declined */
export async function measured<T>(
  onOperation: OnOperation | undefined,
  about: About,
  bytesIn: number,
  act: () => Promise<T>,
  bytesOutOf: (result: T) => number | undefined,
): Promise<T> {
  if (!onOperation) return act();
  const began = processMeter.nowUs();
  try {
    const result = await act();
    const bytesOut = bytesOutOf(result);
    const durationUs = processMeter.nowUs() - began;
    const outcome = bytesOut === undefined ? "declined" : "done";
    onOperation({ ...about, bytesIn, bytesOut: bytesOut ?? bytesIn, durationUs, outcome });
    return result;
  } catch (error) {
    tellFailure(onOperation, about, { bytesIn, bytesOut: 0, durationUs: processMeter.nowUs() - began }, error);
    throw error;
  }
}

/** The making of a value's text (`write`), or of the value of a text. @param beganUs - by the meter of the process */
export function jsonOperation(
  operation: "write" | "read",
  address: XComAddress,
  sizeBytes: number,
  beganUs: number,
): XComOperation {
  const durationUs = processMeter.nowUs() - beganUs;
  return { part: "json", operation, address, bytesIn: sizeBytes, bytesOut: sizeBytes, durationUs, outcome: "done" };
}

/** Measures a part that works on a stream: put what it reads through `read`, and what it makes through `made`. */
export class StreamGauge {
  readonly #onOperation: OnOperation;
  readonly #about: About;
  #bytesIn = 0;
  #bytesOut = 0;
  #busyUs = 0;
  #isTold = false;

  constructor(onOperation: OnOperation, about: About) {
    this.#onOperation = onOperation;
    this.#about = about;
  }

  /** Time that the part waits here is not its own. */
  async *read(pieces: XComPieces): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.#timed(pieces, -1, (bytes) => {
      this.#bytesIn += bytes;
    });
  }

  async *made(pieces: XComPieces): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#timed(pieces, 1, (bytes) => {
        this.#bytesOut += bytes;
      });
      this.done();
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /** For a part that takes a stream and makes none. */
  async whole<T>(act: () => Promise<T>): Promise<T> {
    const began = processMeter.nowUs();
    try {
      const result = await act();
      this.#busyUs += processMeter.nowUs() - began;
      this.#bytesOut = this.#bytesIn;
      if (result === undefined) this.#tell("declined");
      else this.done();
      return result;
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  done(): void {
    this.#tell("done");
  }

  declined(): void {
    this.#tell("declined");
  }

  failed(error: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    tellFailure(this.#onOperation, this.#about, this.#numbers(), error);
  }

  async *#timed(
    pieces: XComPieces,
    sign: 1 | -1,
    count: (bytes: number) => void,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const iterator = pieces[Symbol.asyncIterator]();
    let isOver = false;
    try {
      while (true) {
        const began = processMeter.nowUs();
        const next = await iterator.next().catch((error: unknown) => {
          isOver = true;
          throw error;
        });
        this.#busyUs += sign * (processMeter.nowUs() - began);
        if (next.done) {
          isOver = true;
          return;
        }
        count(next.value.length);
        yield next.value;
      }
    } finally {
      if (!isOver) await iterator.return?.();
    }
  }

  #tell(outcome: "done" | "declined"): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#onOperation({ ...this.#about, ...this.#numbers(), outcome });
  }

  #numbers() {
    return { bytesIn: this.#bytesIn, bytesOut: this.#bytesOut, durationUs: Math.max(0, this.#busyUs) };
  }
}

function tellFailure(
  onOperation: OnOperation,
  about: About,
  numbers: Pick<XComOperation, "bytesIn" | "bytesOut" | "durationUs">,
  error: unknown,
): void {
  if (error instanceof Error) {
    if (counted.has(error)) return;
    counted.add(error);
  }
  const code = isMillraceError(error) ? { code: error.code } : {};
  onOperation({ ...about, ...numbers, outcome: "failed", ...code });
}
