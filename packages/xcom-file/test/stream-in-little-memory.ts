// Run by a test (and by the soak) in a process with a small heap: stores and reads a data set many times its size.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadDataset, storeLargeDataset, streamDataset } from "@millrace/xcom-file";

const [megabytes = "100", format = "ndjson", reading = "stream", base = tmpdir()] = process.argv.slice(2);
const dir = await mkdtemp(join(base, "large-dataset-"));
const text = "0123456789abcdef".repeat(60);
const count = Math.ceil((Number(megabytes) * 1024 * 1024) / 1_024);
const started = process.hrtime.bigint();
const seconds = () => Number(process.hrtime.bigint() - started) / 1e9;

function* records() {
  for (let id = 0; id < count; id++) yield { id, at: "2024-01-15T10:00:00Z", price: id / 8, text };
}

try {
  const record = await storeLargeDataset(records(), { dir, format: format === "json" ? "json" : "ndjson" });
  const stored = seconds();
  let read = 0;
  let sum = 0;
  if (reading === "load") read = (await loadDataset(record, { dir, maxBytes: Number.MAX_SAFE_INTEGER })).length;
  else {
    for await (const chunk of streamDataset(record, { dir, chunkSize: 1_000 })) {
      read += chunk.length;
      for (const { id } of chunk) sum += id;
    }
  }
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
  const report = { sizeMb: record.size_mb, count, read, isSumRight: sum === (count * (count - 1)) / 2, peakMb };
  console.log(JSON.stringify({ ...report, storeSeconds: stored, streamSeconds: seconds() - stored }));
} finally {
  await rm(dir, { recursive: true, force: true });
}
