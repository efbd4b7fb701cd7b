/** What is wrong with bytes; the reader makes an error of it that also says which value it was. */
export type FrameFault =
  | { readonly kind: "format"; readonly why: string }
  | { readonly kind: "altered"; readonly why: string }
  | { readonly kind: "truncated" };

/**
 * Follows compressed data as they come and takes off what stands around their body: so that a second member, or anything
 * else behind the end, is seen, which decompressors pass over or decompress too.
 */
export interface Frame {
  /** Takes the next bytes. What `body` holds afterwards is for the decompressor. */
  take(piece: Uint8Array): FrameFault | undefined;
  /** The bytes that the last `take` has left for the decompressor. */
  readonly body: readonly Uint8Array[];
  /** To be called when there are no more bytes. */
  end(): FrameFault | undefined;
  /** What these data say of that which comes out, if they do; known at the end. */
  readonly trailer?: Trailer | undefined;
}

/** CRC-32 and length of what comes out; the latter without what is above 32 bits. */
export interface Trailer {
  readonly crc: number;
  readonly size: number;
}

/** Data without anything around them. */
export function bareFrame(): Frame {
  let body: readonly Uint8Array[] = [];
  return {
    get body() {
      return body;
    },
    take(piece) {
      body = [piece];
      return undefined;
    },
    end: () => undefined,
  };
}

const nothing = new Uint8Array(0);
const headerBytes = 10;
const trailerBytes = 8;
/** Magic number, deflate, no flags (name, comment, or whatever else gzip can hold) and no time: zlib writes none. */
const gzipStart = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0];

/**
 * One gzip member as zlib writes it (RFC 1952): ten bytes of header, the body, its CRC-32 and its length. The last eight bytes
 * are always kept back, because only the end shows that they are not of the body.
 */
export function gzipFrame(): Frame {
  let body: readonly Uint8Array[] = [];
  let headerSize = 0;
  let kept: Uint8Array = nothing;
  let trailer: Trailer | undefined;

  return {
    get body() {
      return body;
    },
    get trailer() {
      return trailer;
    },
    take(piece) {
      let rest = piece;
      if (headerSize < headerBytes) {
        const size = Math.min(headerBytes, headerSize + piece.length);
        for (let place = headerSize; place < size && place < gzipStart.length; place++) {
          if (piece[place - headerSize] !== gzipStart[place])
            return { kind: "format", why: `its byte ${place} is not that of a gzip header` };
        }
        rest = piece.subarray(size - headerSize);
        headerSize = size;
      }
      if (kept.length > 0 && rest.length < trailerBytes) {
        const joined = Buffer.concat([kept, rest]);
        const bodyBytes = Math.max(0, joined.length - trailerBytes);
        body = [joined.subarray(0, bodyBytes)];
        kept = joined.subarray(bodyBytes);
        return undefined;
      }
      const bodyBytes = Math.max(0, rest.length - trailerBytes);
      body = kept.length === 0 ? [rest.subarray(0, bodyBytes)] : [kept, rest.subarray(0, bodyBytes)];
      kept = rest.subarray(bodyBytes);
      return undefined;
    },
    end() {
      if (kept.length < trailerBytes) return { kind: "truncated" };
      const numbers = new DataView(kept.buffer, kept.byteOffset, kept.length);
      trailer = { crc: numbers.getUint32(0, true), size: numbers.getUint32(4, true) };
      return undefined;
    },
  };
}
