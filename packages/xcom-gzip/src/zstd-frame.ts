import type { Frame, FrameFault } from "./frames.ts";

const magic = [0x28, 0xb5, 0x2f, 0xfd];
const hasChecksum = 4;
const checksumBytes = 4;
const blockHeaderBytes = 3;
/** What is being read: bytes that say how long something is, or bytes that are passed over. */
type Part = "magic" | "descriptor" | "header" | "blockHeader" | "block" | "checksum" | "end";

const dictionaryBytes = [0, 1, 2, 4];
const contentSizeBytes = [0, 2, 4, 8];

/**
 * One Zstandard frame with a checksum (RFC 8878), followed from block to block. The decompressor would go on with the next
 * frame, and skip what calls itself skippable; both are no data of ours.
 */
export function zstdFrame(): Frame {
  let body: readonly Uint8Array[] = [];
  let part = "magic" as Part;
  let left = magic.length;
  let blockHeader = 0;
  let isLast = false;

  /** The next part, once the present one is complete. */
  function next(lastByte: number): FrameFault | undefined {
    switch (part) {
      case "magic":
        part = "descriptor";
        left = 1;
        return undefined;
      case "descriptor":
        if ((lastByte & hasChecksum) === 0) return { kind: "format", why: "its frame has no checksum" };
        part = "header";
        left = restOfHeader(lastByte);
        return undefined;
      case "block":
        part = isLast ? "checksum" : "blockHeader";
        left = isLast ? checksumBytes : blockHeaderBytes;
        return undefined;
      case "blockHeader": {
        isLast = (blockHeader & 1) === 1;
        const type = (blockHeader >> 1) & 3;
        if (type === 3) return { kind: "altered", why: "it has a block of no known kind" };
        part = "block";
        // A block of one repeated byte holds that byte only.
        left = type === 1 ? 1 : blockHeader >> 3;
        blockHeader = 0;
        return undefined;
      }
      case "header":
        part = "blockHeader";
        left = blockHeaderBytes;
        return undefined;
      default:
        part = "end";
        return undefined;
    }
  }

  const isAtEnd = (): boolean => part === "end";

  return {
    get body() {
      return body;
    },
    take(piece) {
      body = [piece];
      let at = 0;
      while (at < piece.length) {
        if (isAtEnd()) return { kind: "altered", why: "there are bytes behind its end" };
        if (part === "magic" && piece[at] !== magic[magic.length - left])
          return { kind: "format", why: "it does not begin as a Zstandard frame does" };
        const isRead = part === "magic" || part === "blockHeader";
        const step = isRead ? 1 : Math.min(left, piece.length - at);
        if (part === "blockHeader") blockHeader |= (piece[at] as number) << (8 * (blockHeaderBytes - left));
        at += step;
        left -= step;
        // An empty part (a block without bytes) is over before it begins.
        while (left === 0 && !isAtEnd()) {
          const fault = next(piece[at - 1] as number);
          if (fault) return fault;
        }
      }
      return undefined;
    },
    end: () => (isAtEnd() ? undefined : { kind: "truncated" }),
  };
}

/** How long the frame's header is behind its descriptor. */
function restOfHeader(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSize = descriptor >> 6 === 0 && isSingleSegment ? 1 : (contentSizeBytes[descriptor >> 6] as number);
  return (isSingleSegment ? 0 : 1) + (dictionaryBytes[descriptor & 3] as number) + contentSize;
}
