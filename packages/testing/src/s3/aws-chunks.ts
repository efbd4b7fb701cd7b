import { refused } from "./refusals.ts";
import type { CheckedSignature } from "./signature.ts";

/** A body in pieces, and the headers after it: known when the pieces have been read to their end. */
export interface ChunkedBody {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly trailers: () => ReadonlyMap<string, string>;
}

const longestLine = 4096;
const mostTrailers = 16;
/** A signed chunk has to be in memory as a whole before it is known to be right. */
const longestSignedChunk = 64 * 1024 * 1024;

/**
 * Decodes `aws-chunked`: chunks with their lengths in front, each signed or not, and a trailer. Anything else than exactly
 * that is an `IncompleteBody`, a wrong signature a `SignatureDoesNotMatch`.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …/sigv4-streaming-trailers.html
 */
export function readAwsChunks(wire: AsyncIterable<Buffer>, payload: string, signature: CheckedSignature): ChunkedBody {
  const isSigned = payload.startsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
  const trailers = new Map<string, string>();

  async function* pieces(): AsyncGenerator<Uint8Array> {
    const reader = new WireReader(wire);
    try {
      yield* chunks(reader);
      await readTrailers(reader);
      await reader.end();
    } finally {
      await reader.close();
    }
  }

  async function* chunks(reader: WireReader): AsyncGenerator<Uint8Array> {
    for (;;) {
      const head = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(await reader.line());
      if (!head || (head[2] !== undefined) !== isSigned) throw refused("IncompleteBody", "A chunk's head is malformed");
      const length = Number.parseInt(head[1] ?? "", 16);
      if (isSigned) {
        const chunk = await reader.whole(length);
        if (!signature.next("chunk", chunk, head[2] ?? "")) throw refused("SignatureDoesNotMatch");
        if (length > 0) yield chunk;
      } else {
        yield* reader.bytes(length);
      }
      if (length === 0) return;
      if ((await reader.line()) !== "") throw refused("IncompleteBody", "A chunk is longer than its head says");
    }
  }

  async function readTrailers(reader: WireReader): Promise<void> {
    let signedText = "";
    for (let line = await reader.line(); line !== ""; line = await reader.line()) {
      const [, name = "", value = ""] = /^([\w-]+):\s*(.*?)\s*$/.exec(line) ?? [];
      if (name === "" || trailers.size >= mostTrailers) throw refused("IncompleteBody", "A trailer is malformed");
      if (name.toLowerCase() === "x-amz-trailer-signature") {
        if (!signature.next("trailer", Buffer.from(signedText), value)) throw refused("SignatureDoesNotMatch");
        signedText = "";
        continue;
      }
      trailers.set(name.toLowerCase(), value);
      signedText += `${name.toLowerCase()}:${value}\n`;
    }
    if (isSigned && signedText !== "") throw refused("SignatureDoesNotMatch", "The trailer is not signed");
  }

  return { pieces: pieces(), trailers: () => trailers };
}

/** Takes lines and bytes from a stream of buffers. */
class WireReader {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(wire: AsyncIterable<Buffer>) {
    this.#source = wire[Symbol.asyncIterator]();
  }

  /** A line without its CR LF. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\r\n");
      if (end >= 0) {
        const line = this.#rest.toString("latin1", 0, end);
        this.#rest = this.#rest.subarray(end + 2);
        return line;
      }
      if (this.#rest.length > longestLine || !(await this.#more())) throw refused("IncompleteBody");
    }
  }

  /** So many bytes, in the pieces they come in. */
  async *bytes(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0 && !(await this.#more())) throw refused("IncompleteBody");
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** So many bytes in one. */
  async whole(count: number): Promise<Buffer> {
    if (count > longestSignedChunk) throw refused("EntityTooLarge");
    return Buffer.concat(await Array.fromAsync(this.bytes(count)));
  }

  /** Lets go of the stream: what it still brings is for others to read. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** Refuses what comes after the end. */
  async end(): Promise<void> {
    if (this.#rest.length > 0 || (await this.#more()))
      throw refused("IncompleteBody", "There are bytes after the last chunk");
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#source.next();
    if (done) return false;
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    return true;
  }
}
