import { coreError } from "../errors.ts";
import { during, type PartWork } from "./part-work.ts";
import type { XComBackendPart, XComChooser, XComEnvelope, XComPlace, XComStage } from "./parts.ts";
import { streamPart } from "./stream-part.ts";

/** The parts of a backend in order. */
export interface XComStack {
  /** What writes, in the order of writing. */
  readonly writers: readonly (XComStage | XComPlace)[];
  /** Chooses among its parts instead of all writing. */
  readonly chooser: XComChooser | undefined;
  /** Everything that can read, by the marker that it owns. */
  readonly byMarker: ReadonlyMap<string, XComLayer>;
  /** Every part once, those of choosers too. */
  readonly all: readonly XComBackendPart[];
  /** Those of them that do not write. */
  readonly readers: readonly XComBackendPart[];
}

/** What can own an envelope: a part, or the core's own sign of a stream. */
export type XComLayer = XComBackendPart | typeof streamPart;

/** Which parts write a value, and what a chooser says about it. */
export interface Writers {
  readonly stages: readonly XComStage[];
  readonly place: XComPlace | undefined;
  readonly inner: XComEnvelope | undefined;
}

/** @throws `XCOM_STACK_INVALID` */
export function xcomStack(parts: readonly XComBackendPart[], readers: readonly XComBackendPart[]): XComStack {
  const chooser = parts.find((part): part is XComChooser => part.kind === "chooser");
  if (chooser && parts.length > 1)
    throw coreError("XCOM_STACK_INVALID", {
      why: `'${chooser.name}' chooses among its own parts, and others stand beside it`,
    });
  const writers = chooser ? [] : (parts as readonly (XComStage | XComPlace)[]);
  checkOrder(writers);
  if (chooser) checkOrder(chooser.parts);
  const all = [...new Set([...parts, ...readers].flatMap((part) => [...partsWithin(part)]))];
  const writing = new Set(parts.flatMap((part) => [...partsWithin(part)]));
  const byMarker = new Map<string, XComLayer>([[streamPart.marker, streamPart]]);
  // Those that write come last: of two parts with one marker they are the ones that read.
  for (const part of [...readers, ...parts]) for (const one of partsWithin(part)) byMarker.set(one.marker, one);
  return { writers, chooser, byMarker, all, readers: all.filter((part) => !writing.has(part)) };
}

/** @param head - the value's bytes, or a stream's first */
export async function writersOf(
  stack: XComStack,
  head: Uint8Array,
  sizeBytes: number | undefined,
  work: PartWork,
): Promise<Writers> {
  const { chooser } = stack;
  if (!chooser) return split(stack.writers, undefined);
  const choose = () => chooser.choose(head, sizeBytes, work.address, work.call);
  const { parts, envelope } = await during(chooser, "write", work, choose);
  if (parts.some((part) => !chooser.parts.includes(part)))
    throw coreError("XCOM_STACK_INVALID", { why: `'${chooser.name}' has chosen what is none of its parts` });
  checkOrder(parts);
  return split(parts, envelope);
}

function split(parts: readonly (XComStage | XComPlace)[], inner: XComEnvelope | undefined): Writers {
  return {
    stages: parts.filter((part) => part.kind === "stage"),
    place: parts.find((part) => part.kind === "place"),
    inner,
  };
}

function* partsWithin(part: XComBackendPart): Generator<XComBackendPart> {
  yield part;
  if (part.kind === "chooser") yield* part.parts;
}

function checkOrder(parts: readonly (XComStage | XComPlace)[]): void {
  const places = parts.filter((part) => part.kind === "place");
  if (places.length > 1)
    throw coreError("XCOM_STACK_INVALID", {
      why: `it has ${places.length} places (${places.map((part) => part.name).join(", ")})`,
    });
  if (places.length === 1 && parts.at(-1) !== places[0])
    throw coreError("XCOM_STACK_INVALID", { why: `the place '${places[0].name}' is not last` });
  const encrypt = parts.findIndex((part) => part.kind === "stage" && part.effect === "encrypt");
  const compress = parts.findLastIndex((part) => part.kind === "stage" && part.effect === "compress");
  if (encrypt >= 0 && compress > encrypt)
    throw coreError("XCOM_STACK_INVALID", {
      why: `'${parts[compress].name}' compresses what '${parts[encrypt].name}' has encrypted`,
    });
}
