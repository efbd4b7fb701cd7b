import { coreError } from "../errors.ts";
import { withInner } from "./envelope-chain.ts";
import { measured, StreamGauge } from "./operation.ts";
import { during, duringPieces, type PartWork } from "./part-work.ts";
import type { StageResult, StageStream, XComAddress, XComEnvelope, XComPlace, XComSource, XComStage } from "./parts.ts";
import { base64OfBytes, base64OfPieces, PeekedSource } from "./pieces.ts";
import type { Writers } from "./stack.ts";

/** Has the parts write a value in one piece; `undefined` if none took it. */
export async function writeBytes(
  bytes: Uint8Array,
  { stages, place, inner }: Writers,
  work: PartWork,
): Promise<XComEnvelope | undefined> {
  const { address, call, onOperation } = work;
  let current = bytes;
  let envelope = inner;
  let last: XComStage | undefined;
  for (const stage of stages) {
    const result: StageResult | undefined = await measured(
      onOperation,
      { part: stage.name, operation: "write", address },
      current.length,
      () => during(stage, "write", work, () => stage.write(current, address, envelope, call)),
      (made) => made?.bytes.length,
    );
    if (!result) continue;
    envelope = withInner(result.envelope, envelope);
    current = result.bytes;
    last = stage;
  }
  const placed =
    place &&
    (await measured(
      onOperation,
      { part: place.name, operation: "write", address },
      current.length,
      () => during(place, "write", work, () => place.put(current, address, envelope, call)),
      (made) => made && current.length,
    ));
  if (placed) return withInner(placed, envelope);
  if (!last || !envelope) return undefined;
  return { ...envelope, [last.bytesField]: base64OfBytes(current) };
}

/** True if a value may go through these parts in pieces. */
export function canStream({ stages, place }: Writers): boolean {
  return stages.every((stage) => stage.writeStream) && (!place || place.putStream !== undefined);
}

/**
 * Has the parts write what comes in pieces. What no place took becomes base64; `undefined` if no part took it, and then
 * the source was not read.
 *
 * @param inner - the innermost envelope, asked for when the source has ended
 * @param rest - takes what the place of the stack does not take
 * @throws `XCOM_STREAM_UNSUPPORTED`
 */
export async function writePieces(
  source: PeekedSource,
  { stages, place }: Writers,
  inner: () => XComEnvelope | undefined,
  work: PartWork,
  rest?: XComPlace,
): Promise<XComEnvelope | undefined> {
  let current = source;
  let envelope = inner;
  let last: XComStage | undefined;
  try {
    for (const stage of stages) {
      const beneath = envelope;
      const made = await stageStream(stage, current, beneath, work);
      if (!made) continue;
      current = await PeekedSource.of(made.pieces);
      envelope = () => withInner(made.envelope(), beneath());
      last = stage;
    }
    for (const taker of [place, rest]) {
      const placed = taker && (await putPieces(taker, current, work));
      if (placed) return withInner(placed, envelope());
    }
    if (!last) return undefined;
    const text = await base64OfPieces(current);
    return { ...(envelope() as XComEnvelope), [last.bytesField]: text };
  } catch (error) {
    await current.close().catch(() => undefined);
    throw error;
  }
}

async function stageStream(
  stage: XComStage,
  source: PeekedSource,
  inner: () => XComEnvelope | undefined,
  work: PartWork,
): Promise<StageStream | undefined> {
  if (!stage.writeStream) throw unsupported(stage.name, work.address);
  const { address, call, onOperation } = work;
  const gauge = onOperation && new StreamGauge(onOperation, { part: stage.name, operation: "write", address });
  const read = gauge ? withPieces(source, gauge.read(source)) : source;
  const write = stage.writeStream.bind(stage);
  try {
    const made = await during(stage, "write", work, () => write(read, address, inner, call));
    if (!made) {
      gauge?.declined();
      return undefined;
    }
    const pieces = duringPieces(stage, "write", work, made.pieces);
    return { pieces: gauge ? gauge.made(pieces) : pieces, envelope: () => made.envelope() };
  } catch (error) {
    gauge?.failed(error);
    throw error;
  }
}

async function putPieces(place: XComPlace, source: PeekedSource, work: PartWork): Promise<XComEnvelope | undefined> {
  if (!place.putStream) throw unsupported(place.name, work.address);
  const { address, call, onOperation } = work;
  const gauge = onOperation && new StreamGauge(onOperation, { part: place.name, operation: "write", address });
  const read = gauge ? withPieces(source, gauge.read(source)) : source;
  const put = place.putStream.bind(place);
  const act = () => during(place, "write", work, () => put(read, address, call));
  return gauge ? gauge.whole(act) : act();
}

function withPieces(
  { head, isWhole, sizeBytes }: XComSource,
  pieces: AsyncGenerator<Uint8Array, void, undefined>,
): XComSource {
  return {
    head,
    isWhole,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    [Symbol.asyncIterator]: () => pieces,
  };
}

function unsupported(part: string, { key, taskId }: XComAddress): Error {
  return coreError("XCOM_STREAM_UNSUPPORTED", { part, key, taskId });
}
