import { once } from "node:events";
import { PassThrough } from "node:stream";
import { coreError } from "../../errors.ts";
import type { StoredStream, XComBackend, XComBackendCall } from "../../xcom/backend.ts";
import type { XComAddress, XComEnvelope, XComPlace } from "../../xcom/parts.ts";

const bufferedBytes = 512 * 1024;
/** More streams at a time no attempt needs. */
const most = 1_000;

interface Writing {
  readonly pieces: PassThrough;
  readonly stored: Promise<StoredStream>;
}

/**
 * Streams that an attempt in a thread writes and reads: its pieces come and go as messages, the parts of the XCom
 * backend work on the engine's side. A thread that is faster than the parts waits for the answer to its piece.
 */
export class ThreadStreams {
  readonly #backend: XComBackend;
  readonly #call: XComBackendCall;
  readonly #writing = new Map<number, Writing>();
  readonly #reading = new Map<number, AsyncIterator<Uint8Array>>();
  #count = 0;

  /** @param chunks - where streams stay that no place takes */
  constructor(backend: XComBackend, chunks: XComPlace | undefined) {
    this.#backend = backend;
    this.#call = { chunks };
  }

  /** Begins to write one; answers its number. */
  write(address: XComAddress): number {
    const pieces = new PassThrough({ highWaterMark: bufferedBytes });
    // What it fails with is told by `stored`.
    pieces.on("error", () => undefined);
    const stored = this.#backend.serializeStream(pieces, address, this.#call);
    stored.catch(() => pieces.destroy());
    return this.#add(this.#writing, { pieces, stored });
  }

  /** @throws what the parts throw */
  async piece(no: number, bytes: Uint8Array): Promise<void> {
    const { pieces, stored } = this.#of(this.#writing, no);
    if (pieces.destroyed) await stored;
    else if (!pieces.write(bytes)) await Promise.race([once(pieces, "drain"), stored]);
  }

  end(no: number): Promise<StoredStream> {
    const { pieces, stored } = this.#of(this.#writing, no);
    this.#writing.delete(no);
    pieces.end();
    return stored;
  }

  /** Leaves nothing of it behind. */
  async drop(no: number): Promise<void> {
    const { pieces, stored } = this.#of(this.#writing, no);
    this.#writing.delete(no);
    pieces.destroy(new Error("the task has not ended its stream"));
    await stored.catch(() => undefined);
  }

  read(stored: XComEnvelope, address: XComAddress): number {
    return this.#add(
      this.#reading,
      this.#backend.deserializeStream(stored, address, this.#call)[Symbol.asyncIterator](),
    );
  }

  /** `undefined` at the end. */
  async next(no: number): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#of(this.#reading, no).next();
    return done ? undefined : value;
  }

  async stop(no: number): Promise<void> {
    const pieces = this.#of(this.#reading, no);
    this.#reading.delete(no);
    await pieces.return?.();
  }

  /** Ends what the attempt has left open. */
  async close(): Promise<void> {
    const ended = [...this.#writing.keys()].map((no) => this.drop(no));
    const stopped = [...this.#reading.keys()].map((no) => this.stop(no));
    await Promise.allSettled([...ended, ...stopped]);
  }

  #add<T>(map: Map<number, T>, one: T): number {
    if (map.size >= most) throw coreError("THREAD_CALL_REFUSED", { name: `stream ${most + 1}` });
    map.set(++this.#count, one);
    return this.#count;
  }

  #of<T>(map: ReadonlyMap<number, T>, no: number): T {
    const one = map.get(no);
    if (one === undefined) throw coreError("THREAD_CALL_REFUSED", { name: `stream ${String(no).slice(0, 20)}` });
    return one;
  }
}
