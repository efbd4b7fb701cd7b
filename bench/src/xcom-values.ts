import { randomBytes } from "node:crypto";

/** Kinds of bytes that tasks pass on: they compress well, almost to nothing, and not at all. */
export const valueKinds = ["rows", "repetitive", "random"] as const;
export type ValueKind = (typeof valueKinds)[number];

/** Whose values all of them are. */
export const benchAddress = { dagId: "bench", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" } as const;

/** So many bytes of that kind. */
export function bytesOf(kind: ValueKind, sizeBytes: number): Buffer {
  if (kind === "random") return randomBytes(sizeBytes);
  const bytes = Buffer.allocUnsafe(sizeBytes);
  if (kind === "repetitive")
    return bytes.fill('{"region":"eu","status":"shipped","currency":"EUR","warehouse":"Rotterdam"},');
  let at = 0;
  for (let id = 0; at < sizeBytes; id++) at += bytes.write(rowText(id), at);
  return bytes;
}

/** One row of an ordinary table as JSON: counting up, choosing among few, and different in each. */
function rowText(id: number): string {
  const amount = ((id * 7_919) % 100_003) / 100;
  const name = `customer ${((id * 2_654_435_761) >>> 0).toString(36)}`;
  const at = new Date(1_700_000_000_000 + id * 61_000).toISOString();
  return `${JSON.stringify({ id, region: ["eu", "us", "apac"][id % 3], amount, at, name })},`;
}

/** 1,024 as 1 KB. */
export function sizeName(sizeBytes: number): string {
  return sizeBytes < 2 ** 20 ? `${sizeBytes / 1_024} KB` : `${sizeBytes / 2 ** 20} MB`;
}
