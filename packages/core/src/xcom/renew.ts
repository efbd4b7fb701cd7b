import { coreError } from "../errors.ts";
import type { XComBackendCall } from "./backend.ts";
import { type ChainLink, corrupt, envelopeChain } from "./envelope-chain.ts";
import { during, type PartWork } from "./part-work.ts";
import type { XComAddress, XComEnvelope, XComStage } from "./parts.ts";
import { largeBytes, PeekedSource } from "./pieces.ts";
import { canReadPieces, readBytes, readPieces } from "./read-value.ts";
import type { Writers, XComStack } from "./stack.ts";
import { isStreamEnvelope } from "./stream-part.ts";
import { canStream, writeBytes, writePieces } from "./write-value.ts";

/**
 * The envelopes of a value that are to be written anew, outermost first: down to the innermost one of which its stage says
 * that it would write otherwise today. None if there is no such.
 */
export async function staleLinks(chain: readonly ChainLink[], work: PartWork): Promise<readonly ChainLink[]> {
  for (let place = chain.length - 1; place >= 0; place--) {
    const { part, envelope } = chain[place];
    if (part.kind !== "stage" || !part.isStale) continue;
    const isStale = part.isStale.bind(part);
    if (await during(part, "read", work, async () => isStale(envelope))) return chain.slice(0, place + 1);
  }
  return [];
}

/**
 * Writes a value anew as far as it is stale, and no deeper: the stage that says so has back what it was once given, writes
 * that as it would today, and what lay above it follows. What lies beneath stays as it is, and is not looked into. Large
 * values and streams go through in pieces.
 *
 * @returns the new form, which is not yet anybody's; `undefined` for a value that is not stale
 * @throws `XCOM_NOT_RENEWED`, and whatever keeps the value from being read: then nothing of a new form is left
 */
export async function renewEnvelope(
  stack: XComStack,
  stored: XComEnvelope,
  address: XComAddress,
  call: XComBackendCall,
): Promise<XComEnvelope | undefined> {
  const chain = envelopeChain(stack, stored, address, call.chunks);
  const { signal, onOperation } = call;
  const work: PartWork = { address, call: { signal, recordCount: recordCountOf(chain) }, onOperation };
  const stale = await staleLinks(chain, work);
  if (stale.length === 0) return undefined;
  const inner = chain[stale.length]?.envelope;
  const writers = writersOfLinks(stale, stored, work, inner);
  const isStream = isStreamEnvelope(stored);
  const written =
    isStream || ((call.sizeBytes ?? 0) > largeBytes && canReadPieces(stale) && canStream(writers))
      ? await inPieces(stale, writers, work, isStream ? call : {})
      : await writeBytes(await readBytes(stale, work), writers, work);
  const renewed = written && (await staleLinks(envelopeChain(stack, written, address, call.chunks), work));
  if (renewed?.length === 0) return written;
  if (written) await discard(envelopeChain(stack, written, address, call.chunks)[0]);
  throw notRenewed(stale[stale.length - 1].part, work, "what it wrote would have to be renewed again");
}

async function inPieces(
  stale: readonly ChainLink[],
  writers: Writers,
  work: PartWork,
  { chunks }: XComBackendCall,
): Promise<XComEnvelope | undefined> {
  const source = await PeekedSource.of(readPieces(stale, work));
  return writePieces(source, writers, () => writers.inner, work, chunks);
}

/** The parts that wrote these envelopes, in the order of writing. Stages must write again: what they did is not undone. */
function writersOfLinks(
  links: readonly ChainLink[],
  stored: XComEnvelope,
  work: PartWork,
  inner: XComEnvelope | undefined,
): Writers {
  const stages: XComStage[] = [];
  let place: Writers["place"];
  for (const { part } of links) {
    if (part.kind === "stage") stages.unshift(insisting(part, work));
    else if (part.kind === "place") place = part;
    else throw corrupt(work.address, stored, `the envelope of '${part.name}' is not its innermost one`);
  }
  return { stages, place, inner };
}

/** A stage that may not decline: a value that was encrypted stays encrypted, whatever the stage would leave alone today. */
function insisting(stage: XComStage, work: PartWork): XComStage {
  const insist = <T>(result: T | undefined): T => {
    if (result === undefined) throw notRenewed(stage, work, "it wrote the value once, and would leave it alone today");
    return result;
  };
  const writeStream = stage.writeStream?.bind(stage);
  return {
    ...{ kind: "stage", name: stage.name, marker: stage.marker, bytesField: stage.bytesField, effect: stage.effect },
    write: async (...given) => insist(await stage.write(...given)),
    read: (...given) => stage.read(...given),
    ...(writeStream && { writeStream: async (...given) => insist(await writeStream(...given)) }),
  };
}

async function discard({ part, envelope }: ChainLink): Promise<void> {
  if (part.kind === "place") await part.remove([part.refOf(envelope)]).catch(() => undefined);
}

/** How many records the value has, if its outermost part was told that. */
function recordCountOf([{ envelope }]: readonly ChainLink[]): number | undefined {
  const { record_count: count } = envelope;
  return Number.isSafeInteger(count) && (count as number) >= 0 ? (count as number) : undefined;
}

function notRenewed({ name }: { readonly name: string }, { address: { key, taskId } }: PartWork, why: string): Error {
  return coreError("XCOM_NOT_RENEWED", { key, taskId, part: name, why });
}
