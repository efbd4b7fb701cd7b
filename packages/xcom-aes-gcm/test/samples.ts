import { createCipheriv, createHash } from "node:crypto";
import {
  isMillraceError,
  type XComAddress,
  type XComEnvelope,
  type XComPieces,
  type XComSource,
} from "@millrace/core/plugin";
import { aesGcmStage, type StageSurroundings } from "../src/aes-gcm.ts";
import type { AesGcmOptions } from "../src/options.ts";

/** What tests of this package share: keys, addresses, streams. */

/** 32 bytes, the same for the same name. */
export function keyNamed(name: string): Uint8Array {
  return createHash("sha256").update(`test key ${name}`).digest();
}

export const keys = [{ id: "k1", key: keyNamed("k1") }];

export const address: XComAddress = {
  dagId: "sales",
  runId: "manual__2026-01-01T00:00:00Z_1",
  taskId: "group.extract",
  mapIndex: -1,
  key: "rows",
};

/** A stage with the key `k1`. */
export function stageOf(options: Partial<AesGcmOptions> = {}, surroundings: StageSurroundings = {}) {
  const { writeStream, readStream, admit, isStale, open, ...stage } = aesGcmStage({ keys, ...options }, surroundings);
  if (!writeStream || !readStream || !admit || !isStale || !open) throw new Error("the stage lacks a function");
  return { ...stage, writeStream, readStream, admit, isStale, open };
}

export type TestedStage = ReturnType<typeof stageOf>;

/** A value as it is stored. */
export interface StoredValue {
  readonly bytes: Buffer;
  readonly envelope: XComEnvelope;
}

/** Writes a value that is not declined. */
export async function sealed(
  stage: TestedStage,
  bytes: Uint8Array,
  at = address,
  inner?: XComEnvelope,
): Promise<StoredValue> {
  const result = await stage.write(bytes, at, inner);
  if (!result) throw new Error("the stage declined");
  return { bytes: Buffer.from(result.bytes), envelope: asStored({ ...result.envelope, ...(inner && { inner }) }) };
}

/** Writes a stream that is not declined. */
export async function sealedStream(
  stage: TestedStage,
  source: XComSource,
  at = address,
  inner?: XComEnvelope,
): Promise<StoredValue> {
  const result = await stage.writeStream(source, at, () => inner);
  if (!result) throw new Error("the stage declined");
  const bytes = await gathered(result.pieces);
  return { bytes, envelope: asStored({ ...result.envelope(), ...(inner && { inner }) }) };
}

function asStored(envelope: XComEnvelope): XComEnvelope {
  return JSON.parse(JSON.stringify(envelope)) as XComEnvelope;
}

/** A stream of these bytes in pieces of these sizes, over and over. */
export function sourceOf(bytes: Uint8Array, sizes: readonly number[] = [262_144]): XComSource {
  const head = bytes.subarray(0, 65_536);
  return {
    head,
    isWhole: head.length === bytes.length,
    async *[Symbol.asyncIterator]() {
      yield* piecesOf(bytes, sizes);
    },
  };
}

export async function* piecesOf(bytes: Uint8Array, sizes: readonly number[] = [262_144]): XComPieces {
  let round = 0;
  for (let at = 0; at < bytes.length; ) {
    const size = Math.max(sizes[round++ % sizes.length] ?? 1, round > 1_000 ? 1 : 0);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export async function gathered(pieces: XComPieces): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** The error's code and whole text; fails for what is no coded error. */
export async function refusal(attempt: Promise<unknown> | (() => unknown)): Promise<{ code: string; text: string }> {
  let answer: unknown;
  try {
    answer = { value: await (typeof attempt === "function" ? attempt() : attempt) };
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return { code: error.code, text: `${error.message} ${error.cure}` };
  }
  throw new Error(`not refused: ${String(answer)}`);
}

/** Random bytes, the same for the same seed. */
export function noise(size: number, seed = 1): Buffer {
  const cipher = createCipheriv("aes-256-ctr", keyNamed(`noise ${seed}`), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(size));
}
