import { coreError, isMillraceError } from "../errors.ts";
import { processMeter } from "../time/meter.ts";
import { decodeValue, encodeValue } from "./codec.ts";
import { type ChainLink, checkAdmission, corrupt, envelopeChain, withInner } from "./envelope-chain.ts";
import { jsonOperation, measured, type OnOperation } from "./operation.ts";
import { during, type PartWork } from "./part-work.ts";
import type { XComAddress, XComBackendPart, XComCall, XComEnvelope, XComPieces, XComPlace } from "./parts.ts";
import { bytesOfPieces, evenPieces, largeBytes, PeekedSource, piecesOfText, textOfBytes } from "./pieces.ts";
import { canReadPieces, readBytes, readPieces } from "./read-value.ts";
import { renewEnvelope, staleLinks } from "./renew.ts";
import { writersOf, xcomStack } from "./stack.ts";
import { isStreamEnvelope, streamEnvelope } from "./stream-part.ts";
import { canStream, writeBytes, writePieces } from "./write-value.ts";

/** What is stored of a value: its JSON text, or an envelope. */
export type StoredXCom = string | XComEnvelope;

/** What may be said with a call to a backend. */
export interface XComBackendCall extends XComCall {
  /** Told of each thing that a part does. Must not throw. */
  readonly onOperation?: OnOperation;
  /** Bytes of the value's text, where they are known: a hint for reading. */
  readonly sizeBytes?: number;
  /** Where streams stay that no place of the backend takes. Without it such streams are refused. */
  readonly chunks?: XComPlace;
}

/** A stream as it is stored. */
export interface StoredStream {
  readonly stored: XComEnvelope;
  readonly sizeBytes: number;
}

/** What values go through on their way into the store and back. */
export interface XComBackend {
  /** The value as it is stored: a JSON string when no part applied, else an envelope. */
  serialize(value: unknown, address: XComAddress, call?: XComBackendCall): Promise<StoredXCom>;
  /** As `serialize`, for a value whose text is known already. */
  serializeText(text: string, address: XComAddress, call?: XComBackendCall): Promise<StoredXCom>;
  /** Writes bytes of any length in little memory. What the source throws passes through. */
  serializeStream(
    source: AsyncIterable<Uint8Array | string>,
    address: XComAddress,
    call?: XComBackendCall,
  ): Promise<StoredStream>;
  /** Follows the envelope's markers, not the order of the parts. */
  deserialize(stored: StoredXCom, address: XComAddress, call?: XComBackendCall): Promise<unknown>;
  /** As `deserialize`, but gives the value's text. */
  deserializeText(stored: StoredXCom, address: XComAddress, call?: XComBackendCall): Promise<string>;
  /** The bytes of a stream. What is wrong is thrown at the latest after the last piece: act on them only then. */
  deserializeStream(stored: XComEnvelope, address: XComAddress, call?: XComBackendCall): XComPieces;
  /** Removes what the value keeps outside of its row. The address is for messages. */
  purge(stored: StoredXCom, address?: XComAddress, call?: XComBackendCall): Promise<void>;
  /**
   * True if a stage would write it otherwise today, with a newer key, say.
   *
   * @throws `XCOM_READER_MISSING`, `XCOM_CORRUPT`, and what the parts have against its envelopes
   */
  isStale(stored: XComEnvelope, address: XComAddress, call?: XComBackendCall): Promise<boolean>;
  /**
   * The value as it would be written today, as far as it is stale; `undefined` if it is not. What the old form keeps outside
   * of its row stays: `purge` one of the two when it is clear which of them the row has.
   *
   * @throws `XCOM_NOT_RENEWED`, and whatever keeps the value from being read
   */
  renew(stored: XComEnvelope, address: XComAddress, call?: XComBackendCall): Promise<XComEnvelope | undefined>;
  /** True when no part is configured for writing: text is stored as it is. */
  readonly isPlain: boolean;
  /** Every part that writes or reads, those of choosers too. */
  readonly parts: readonly XComBackendPart[];
  /** Those of them that write nothing any more. */
  readonly readers: readonly XComBackendPart[];
}

/**
 * Puts parts together: stages in the order of writing, then at most one place; or one chooser. `readers` only read what
 * they once wrote. Values of more than 4 MiB go through the parts in pieces where all of them can.
 *
 * @throws `XCOM_STACK_INVALID`
 */
export function xcomBackend(
  parts: readonly XComBackendPart[] = [],
  options: { readonly readers?: readonly XComBackendPart[] } = {},
): XComBackend {
  const stack = xcomStack(parts, options.readers ?? []);
  const isPlain = parts.length === 0;

  const chainOf = (stored: XComEnvelope, address: XComAddress, chunks?: XComPlace): ChainLink[] => {
    const chain = envelopeChain(stack, stored, address, chunks);
    checkAdmission(stack, chain, address);
    return chain;
  };

  const serializeText = async (text: string, address: XComAddress, call: XComBackendCall = {}): Promise<StoredXCom> => {
    if (isPlain) return text;
    const work = workOf(address, call);
    if (text.length < largeBytes) {
      const bytes = Buffer.from(text);
      const writers = await writersOf(stack, bytes, bytes.length, work);
      return (await writeBytes(bytes, writers, work)) ?? text;
    }
    const source = await PeekedSource.of(piecesOfText(text), Buffer.byteLength(text));
    const writers = await writersOf(stack, source.head, source.sizeBytes, work);
    if (canStream(writers)) return (await writePieces(source, writers, () => writers.inner, work)) ?? text;
    await source.close();
    return (await writeBytes(Buffer.from(text), writers, work)) ?? text;
  };

  return backendOfTexts({
    isPlain,
    parts: stack.all,
    readers: stack.readers,
    serializeText,
    async serializeStream(given, address, call = {}) {
      const counter = { sizeBytes: 0, failure: undefined as { readonly error: unknown } | undefined };
      const work = { ...workOf(address, call), isOfSource: (error: unknown) => counter.failure?.error === error };
      const source = await PeekedSource.of(countedPieces(given, counter));
      const sizeBytes = source.isWhole ? source.head.length : undefined;
      const writers = await writersOf(stack, source.head, sizeBytes, work).catch(async (error: unknown) => {
        await source.close();
        throw error;
      });
      const inner = (): XComEnvelope => {
        const stream = streamEnvelope(counter.sizeBytes);
        return writers.inner ? withInner(writers.inner, stream) : stream;
      };
      const stored = await writePieces(source, writers, inner, work, call.chunks);
      if (stored) return { stored, sizeBytes: counter.sizeBytes };
      await source.close();
      throw coreError("XCOM_STREAM_UNSUPPORTED", { part: "store", key: address.key, taskId: address.taskId });
    },
    async deserializeText(stored, address, call = {}) {
      if (typeof stored === "string") {
        checkAdmission(stack, [], address);
        return stored;
      }
      if (isStreamEnvelope(stored)) throw wrongKind("a stream", "xcom.pullStream", address);
      const chain = chainOf(stored, address);
      const work = workOf(address, call);
      const isLarge = (call.sizeBytes ?? 0) > largeBytes && canReadPieces(chain);
      const bytes = isLarge
        ? await bytesOfPieces(readPieces(chain, work), call.sizeBytes)
        : await readBytes(chain, work);
      try {
        return textOfBytes(bytes);
      } catch (error) {
        throw corrupt(address, stored, (error as Error).message);
      }
    },
    async *deserializeStream(stored, address, call = {}) {
      if (!isStreamEnvelope(stored)) throw wrongKind("no stream", "xcom.pull", address);
      const chain = chainOf(stored, address, call.chunks);
      const work = workOf(address, call);
      let sizeBytes = 0;
      for await (const piece of readPieces(chain, work)) {
        sizeBytes += piece.length;
        yield piece;
      }
      if (sizeBytes !== chain.at(-1)?.envelope.size_bytes)
        throw corrupt(address, stored, "it is not as long as it was when it was written");
    },
    async purge(stored, address = unknownAddress, call = {}) {
      if (typeof stored === "string") return;
      const [{ part, envelope }] = envelopeChain(stack, stored, address, call.chunks);
      if (part.kind !== "place") return;
      const work = workOf(address, call);
      const remove = () => during(part, "remove", work, () => part.remove([part.refOf(envelope)], work.call));
      await measured(call.onOperation, { part: part.name, operation: "remove", address }, 0, remove, () => 0);
    },
    async isStale(stored, address, call = {}) {
      const chain = envelopeChain(stack, stored, address, call.chunks);
      return (await staleLinks(chain, workOf(address, call))).length > 0;
    },
    renew: (stored, address, call = {}) => renewEnvelope(stack, stored, address, call),
  });
}

/** A backend of one that handles texts: values are made into texts and back here. */
export function backendOfTexts(texts: Omit<XComBackend, "serialize" | "deserialize">): XComBackend {
  return {
    ...texts,
    serialize(value, address, call) {
      const began = call?.onOperation && processMeter.nowUs();
      const text = encodeValue(value);
      if (began !== undefined && !texts.isPlain)
        call?.onOperation?.(jsonOperation("write", address, Buffer.byteLength(text), began));
      return texts.serializeText(text, address, { recordCount: recordCountOf(value), ...call });
    },
    async deserialize(stored, address, call) {
      const text = await texts.deserializeText(stored, address, call);
      const began = call?.onOperation && processMeter.nowUs();
      try {
        const value = decodeValue(text);
        if (began !== undefined && typeof stored !== "string")
          call?.onOperation?.(jsonOperation("read", address, call.sizeBytes ?? Buffer.byteLength(text), began));
        return value;
      } catch (error) {
        if (isMillraceError(error)) throw error;
        // The message of a JSON parser may quote the value: only its kind may pass.
        throw corrupt(
          address,
          stored,
          error instanceof SyntaxError ? "its text is not JSON" : (error as Error).message,
        );
      }
    },
  };
}

/** How many records a value has: the length of a list, 1 for anything else. */
export function recordCountOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return value instanceof Map || value instanceof Set ? value.size : 1;
}

const unknownAddress: XComAddress = { dagId: "?", runId: "?", taskId: "?", mapIndex: -1, key: "?" };

function workOf(address: XComAddress, call: XComBackendCall): PartWork {
  const { signal, recordCount, onOperation } = call;
  return { address, call: { signal, recordCount }, onOperation };
}

/** The pieces of a task's stream; what they add up to, and what it throws, stand in `counter`. */
async function* countedPieces(
  source: AsyncIterable<Uint8Array | string>,
  counter: { sizeBytes: number; failure: { readonly error: unknown } | undefined },
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const piece of evenPieces(source)) {
      counter.sizeBytes += piece.length;
      yield piece;
    }
  } catch (error) {
    counter.failure = { error };
    throw error;
  }
}

function wrongKind(what: string, how: string, { key, taskId }: XComAddress): Error {
  return coreError("XCOM_WRONG_KIND", { key, taskId, what, how });
}
