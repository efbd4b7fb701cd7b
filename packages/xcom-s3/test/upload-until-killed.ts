// A process of its own that writes a stream of many parts to S3 until it is killed. It says when some parts have been sent.
import { s3 } from "../src/index.ts";

const [options, dagId = ""] = process.argv.slice(2);
const place = s3(JSON.parse(options ?? "{}"));
const piece = Buffer.alloc(1_048_576, "piece");

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < 64; n++) {
    if (n === 24) process.stdout.write("parts were sent\n");
    // After that it waits to be killed.
    if (n >= 24) await new Promise((resolve) => setTimeout(resolve, 60_000));
    yield piece;
  }
}

const source = { head: piece.subarray(0, 65_536), isWhole: false, [Symbol.asyncIterator]: pieces };
await place.putStream?.(source, { dagId, runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" });
