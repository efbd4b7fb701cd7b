// Run by a test in a process of its own: reads what was made to fill the memory, and prints what came of it.
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { type XComPieces, type XComStage, xcomBackend } from "@millrace/core/plugin";
import { gzip } from "@millrace/xcom-gzip";
import { emptyMembers, endlessBomb, envelopeSaying, unendedBomb, zerosBomb } from "./bombs.ts";
import { address, cut } from "./cut-bytes.ts";

const mebi = 2 ** 20;
const stage = gzip() as Required<XComStage>;
const limit = 256 * mebi;

const bomb = await zerosBomb(300);
const twice = gzipSync(await zerosBomb(100));
const members = emptyMembers(1_000_000);
const unended = unendedBomb(300);
const zstdBomb = Buffer.concat(
  Array(300).fill(zstdCompressSync(Buffer.alloc(mebi), { params: { [constants.ZSTD_c_checksumFlag]: 1 } })),
);

/** Each with the envelope that serves an attacker best: it allows as much as ever may come out. */
const cases: readonly (readonly [name: string, bytes: Buffer, saysBytes: number, algorithm?: string])[] = [
  ["a bomb that says what it is", bomb, 300 * mebi],
  ["a bomb that says a little", bomb, 1_000],
  ["a bomb that says as much as is allowed", bomb, limit],
  ["a member without an end", unended, limit],
  ["a million empty members", members, limit],
  ["many frames", zstdBomb, limit, "zstd"],
];

const report: { name: string; how: string; code: string; given: number; grownMb: number }[] = [];

async function attempt(name: string, how: string, read: () => Promise<number>): Promise<void> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 2);
  let given = 0;
  let code = "none";
  try {
    given = await read();
  } catch (error) {
    code = String((error as { code?: unknown }).code);
  }
  clearInterval(watch);
  most = Math.max(most, process.memoryUsage().rss);
  report.push({ name, how, code, given, grownMb: (most - before) / mebi });
}

async function count(pieces: XComPieces): Promise<number> {
  let size = 0;
  for await (const { length } of pieces) size += length;
  return size;
}

function* places(length: number): Generator<number> {
  for (let at = 262_144; at < length; at += 262_144) yield at;
}

for (const [name, bytes, says, algorithm = "gzip"] of cases) {
  const envelope = envelopeSaying(says, bytes.length, { algorithm });
  await attempt(name, "whole", async () => (await stage.read(bytes, envelope, address)).length);
  await attempt(name, "stream", () =>
    count(stage.readStream(cut(bytes, [...places(bytes.length)]), envelope, address)),
  );
}
await attempt("an endless stream", "stream", () =>
  count(stage.readStream(endlessBomb(), envelopeSaying(limit, 10_000_000), address)),
);
await attempt("an endless stream that is short", "stream", () =>
  count(stage.readStream(endlessBomb(), envelopeSaying(limit, 5_000), address)),
);
const inner = envelopeSaying(100 * mebi, gzipSync(Buffer.alloc(100)).length);
const nested = {
  ...envelopeSaying(60_000, twice.length, { inner }),
  data: twice.toString("base64"),
};
await attempt("gzip in gzip, in two envelopes", "backend", async () => {
  const value = await xcomBackend([stage]).deserialize(nested, address);
  return String(value).length;
});
console.log(JSON.stringify({ report, bytes: { bomb: bomb.length, twice: twice.length, members: members.length } }));
