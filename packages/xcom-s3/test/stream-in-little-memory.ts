// A process of its own that writes a long stream to S3, or reads one back, and says by how much its memory grew at most.
import { createHash } from "node:crypto";
import type { XComEnvelope } from "@millrace/core/plugin";
import { s3 } from "../src/index.ts";

const [options = "{}", mebibytes = "200", written] = process.argv.slice(2);
const place = s3(JSON.parse(options));
const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" };
const mebibyte = 1_048_576;
let most = 0;

/** Processor time of this thread: what a busy machine takes away is not counted. */
const usedMs = (): number => (process.threadCpuUsage().user + process.threadCpuUsage().system) / 1_000;
let longestTurnMs = 0;
let lastTurn = usedMs();
const look = setInterval(() => {
  const now = usedMs();
  longestTurnMs = Math.max(longestTurnMs, now - lastTurn);
  lastTurn = now;
}, 1);

function seen<T>(piece: T): T {
  most = Math.max(most, process.memoryUsage.rss());
  return piece;
}

/** One piece of memory again and again, so that what is measured is the place's. */
const piece = Buffer.alloc(mebibyte / 4, "a piece of a stream ");

async function* pieces(sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < sizeBytes; at += piece.length) yield seen(piece);
}

async function there(sizeBytes: number): Promise<XComEnvelope> {
  const source = { head: piece.subarray(0, 65_536), isWhole: false, [Symbol.asyncIterator]: () => pieces(sizeBytes) };
  return (await place.putStream?.(source, address)) as XComEnvelope;
}

async function back(envelope: XComEnvelope): Promise<string> {
  const hash = createHash("sha256");
  for await (const read of place.getStream?.(envelope, address) ?? []) hash.update(seen(read));
  return hash.digest("hex");
}

// What the SDK, its connections and the code of both ways take once is not what a stream takes.
await back(await there(2 * mebibyte));
longestTurnMs = 0;
const before = process.memoryUsage.rss();
most = before;
const envelope =
  written === undefined ? await there(Number(mebibytes) * mebibyte) : (JSON.parse(written) as XComEnvelope);
const isSame = written === undefined || (await back(envelope)) === envelope.checksum;
clearInterval(look);
await place.close?.();
console.log(JSON.stringify({ envelope, isSame, grownMebibytes: (most - before) / mebibyte, longestTurnMs }));
