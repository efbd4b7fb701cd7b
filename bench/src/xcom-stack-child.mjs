// A process of its own, in JavaScript: the part of Node that runs TypeScript would take 45 MB of what is measured.
// `node xcom-stack-child.mjs value|stream|pauses <folder> <bytes>`
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { decodeValue, encodeValue, xcomBackend } from "@millrace/core/plugin";
import { aesGcm } from "@millrace/xcom-aes-gcm";
import { file } from "@millrace/xcom-file";
import { gzip } from "@millrace/xcom-gzip";

const [what, dir, sizeText] = process.argv.slice(2);
const sizeBytes = Number(sizeText);
const mebi = 2 ** 20;
const pieceBytes = 262_144;
const address = { dagId: "bench", runId: "r1", taskId: "extract", mapIndex: -1, key: "rows" };
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const compress = gzip({ level: 1, maxOutputBytes: 8 * 2 ** 30 });
const encrypt = aesGcm({ keys: [{ id: "bench", key: randomBytes(32).toString("base64") }] });
const keep = file({ dir });
const backend = xcomBackend([compress, encrypt, keep]);

// Everything is loaded and has worked once before anything is measured.
const small = await backend.serializeText(textOf(mebi), address);
await backend.deserializeText(small, address);
const smallStream = await backend.serializeStream(pieces(mebi), address);
for await (const _ of backend.deserializeStream(smallStream.stored, address));

const measures = { value: measureValue, stream: measureStream, pauses: measurePauses };
console.log(JSON.stringify(await measures[what]()));

async function measureValue() {
  const bareMb = restart();
  let text = textOf(sizeBytes);
  const textMb = restart() - bareMb;
  const stored = await backend.serializeText(text, address);
  const writePeakMb = peakMb() - bareMb;
  text = "";
  restart();
  const { length } = await backend.deserializeText(stored, address, { sizeBytes });
  const readPeakMb = peakMb() - bareMb;
  if (length !== sizeBytes) throw new Error(`${length} bytes of ${sizeBytes} came back`);
  return { textMb, writePeakMb, readPeakMb };
}

async function measureStream() {
  const bareMb = restart();
  const began = performance.now();
  const { stored } = await backend.serializeStream(pieces(sizeBytes), address);
  const written = performance.now();
  let size = 0;
  for await (const piece of backend.deserializeStream(stored, address)) size += piece.length;
  const read = performance.now();
  if (size !== sizeBytes) throw new Error(`${size} bytes of ${sizeBytes} came back`);
  const rate = (ms) => sizeBytes / 1e3 / ms;
  return {
    peakMb: peakMb() - bareMb,
    writeMbPerSecond: rate(written - began),
    readMbPerSecond: rate(read - written),
  };
}

async function measurePauses() {
  const bytes = bytesOf(sizeBytes);
  const pauses = {};
  const watch = async (name, work) => {
    const stop = watchTurns();
    const result = await work();
    pauses[name] = stop();
    return result;
  };
  for (const [name, stage] of Object.entries({ gzip: compress, AES: encrypt })) {
    const { bytes: made, envelope } = await watch(`${name} writes`, () => stage.write(bytes, address, undefined));
    await watch(`${name} reads`, () => stage.read(made, envelope, address));
  }
  const envelope = await watch("files are written", () => keep.put(bytes, address, undefined));
  await watch("files are read", () => keep.get(envelope, address));
  const stream = await watch("a stream is written", () => backend.serializeStream(piecesOf(bytes), address));
  await watch("a stream is read", async () => {
    for await (const _ of backend.deserializeStream(stream.stored, address));
  });
  const value = JSON.parse(`[${bytes.toString("latin1", 0, bytes.lastIndexOf("}") + 1)}]`);
  const began = threadMs();
  const text = encodeValue(value);
  const encoded = threadMs();
  decodeValue(text);
  return { pauses, encodeMs: encoded - began, decodeMs: threadMs() - encoded };
}

/** Looks at the processor time of this thread once per turn of the event loop; answers the most that one turn took. */
function watchTurns() {
  let longest = 0;
  let isOver = false;
  let before = threadMs();
  const look = () => {
    const now = threadMs();
    longest = Math.max(longest, now - before);
    before = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  return () => {
    isOver = true;
    look();
    return longest;
  };
}

/** Processor time of the main thread: what others do on the machine is no pause of ours. */
function threadMs() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function bytesOf(size) {
  const bytes = Buffer.allocUnsafe(size);
  for (let at = 0, id = 0; at < size; id++) at += bytes.write(rowText(id), at);
  return bytes;
}

function rowText(id) {
  const row = {
    id,
    amount: ((id * 7_919) % 100_003) / 100,
    name: `customer ${((id * 2_654_435_761) >>> 0).toString(36)}`,
  };
  return `${JSON.stringify(row)},`;
}

/** A text of JSON: one long string. */
function textOf(size) {
  const bytes = bytesOf(size).fill(" ", size - 1);
  for (let at = bytes.indexOf('"'); at >= 0; at = bytes.indexOf('"', at)) bytes[at] = 39;
  bytes[0] = bytes[size - 1] = 34;
  return bytes.toString("latin1");
}

async function* pieces(size) {
  const piece = bytesOf(pieceBytes);
  for (let left = size; left > 0; left -= pieceBytes) {
    // Each piece is another one, as it would be from a file.
    const next = Buffer.from(piece);
    next.writeUInt32LE(left >>> 0);
    yield next;
  }
}

async function* piecesOf(bytes) {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** Forgets what was: collects garbage and begins a new peak. */
function restart() {
  collect();
  writeFileSync("/proc/self/clear_refs", "5");
  return peakMb();
}

/** The most memory since the last `restart`. */
function peakMb() {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "latin1"))[1]) / 1_024;
}
