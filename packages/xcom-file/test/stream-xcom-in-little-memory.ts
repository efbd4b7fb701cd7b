// Run by a test (and by the soak): writes a stream of so many MB to the place and reads it back, and tells what that took.
import { createHash, type Hash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { XComPlace } from "@millrace/core/plugin";
import { file } from "@millrace/xcom-file";

const megabytes = Number(process.argv[2] ?? "100");
const dir = await mkdtemp(join(tmpdir(), "large-xcom-"));
const place = file({ dir }) as Required<XComPlace>;
const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" };
const megabyte = 1024 * 1024;
const started = process.hrtime.bigint();
const seconds = () => Number(process.hrtime.bigint() - started) / 1e9;

async function* pieces(hash: Hash) {
  for (let n = 0; n < megabytes * 4; n++) {
    const piece = Buffer.alloc(megabyte / 4, `piece ${n} `);
    hash.update(piece);
    yield piece;
  }
}

try {
  const before = process.resourceUsage().maxRSS;
  const written = createHash("sha256");
  const head = Buffer.alloc(65_536, "piece 0 ");
  const source = { head, isWhole: false, [Symbol.asyncIterator]: () => pieces(written) };
  const envelope = await place.putStream(source, address);
  const writeSeconds = seconds();
  if (!envelope) throw new Error("declined");
  const read = createHash("sha256");
  for await (const piece of place.getStream(envelope, address)) read.update(piece);
  const isSame = written.digest("hex") === read.digest("hex");
  const grownMb = Math.round((process.resourceUsage().maxRSS - before) / 1024);
  const report = { sizeMb: Number(envelope.size_bytes) / megabyte, isSame, grownMb, writeSeconds };
  console.log(JSON.stringify({ ...report, readSeconds: seconds() - writeSeconds }));
} finally {
  await rm(dir, { recursive: true, force: true });
}
