import { coreError, isMillraceError, type MillraceError, messageOf } from "../errors.ts";
import { decodeValue, encodeValue } from "./codec.ts";
import type { XComAddress, XComBackendPart, XComEnvelope, XComPlace, XComStage } from "./parts.ts";

/** What is stored of a value: its JSON text, or an envelope. */
export type StoredXCom = string | XComEnvelope;

export interface XComBackend {
  /** The value as it is stored: a JSON string when no part applied, else an envelope. */
  serialize(value: unknown, address: XComAddress): Promise<StoredXCom>;
  /** As `serialize`, for a value whose text is known already. */
  serializeText(text: string, address: XComAddress): Promise<StoredXCom>;
  /** Follows the envelope's markers, not the order of the parts. */
  deserialize(stored: StoredXCom, address: XComAddress): Promise<unknown>;
  /** As `deserialize`, but gives the value's text. */
  deserializeText(stored: StoredXCom, address: XComAddress): Promise<string>;
  /** Removes what the value keeps outside of the store. */
  purge(stored: StoredXCom): Promise<void>;
  /** True when no part is configured for writing: text is stored as it is. */
  readonly isPlain: boolean;
}

/**
 * Puts parts together: stages in the order of writing, then at most one place. `readers` only read what they once wrote.
 *
 * @throws `XCOM_STACK_INVALID`
 */
export function xcomBackend(
  parts: readonly XComBackendPart[] = [],
  options: { readonly readers?: readonly XComBackendPart[] } = {},
): XComBackend {
  checkOrder(parts);
  const byMarker = new Map<string, XComBackendPart>();
  for (const part of [...(options.readers ?? []), ...parts]) byMarker.set(part.marker, part);
  const stages = parts.filter((part): part is XComStage => part.kind === "stage");
  const place = parts.find((part): part is XComPlace => part.kind === "place");

  const serializeText = async (text: string, address: XComAddress): Promise<StoredXCom> => {
    if (parts.length === 0) return text;
    let bytes: Uint8Array = Buffer.from(text);
    let envelope: XComEnvelope | undefined;
    let bytesField = "";
    for (const stage of stages) {
      const result = await stage.write(bytes, address, envelope);
      if (!result) continue;
      envelope = withInner(result.envelope, envelope);
      bytes = result.bytes;
      bytesField = stage.bytesField;
    }
    const placed = await place?.put(bytes, address, envelope);
    if (placed) return withInner(placed, envelope);
    if (!envelope) return text;
    return {
      ...envelope,
      [bytesField]: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
    };
  };

  return backendOfTexts({
    isPlain: parts.length === 0,
    serializeText,
    async deserializeText(stored, address) {
      if (typeof stored === "string") return stored;
      try {
        return Buffer.from(await bytesOf(stored, address, byMarker, undefined)).toString("utf8");
      } catch (error) {
        throw corruptUnlessCoded(error, address, stored);
      }
    },
    async purge(stored) {
      if (typeof stored === "string") return;
      for (let envelope: XComEnvelope | undefined = stored; envelope; envelope = innerOf(envelope)) {
        const part = partOf(envelope, byMarker);
        if (part?.kind === "place") await part.remove([part.refOf(envelope)]);
      }
    },
  });
}

/** A backend of one that handles texts: values are made into texts and back here. */
export function backendOfTexts(texts: Omit<XComBackend, "serialize" | "deserialize">): XComBackend {
  return {
    ...texts,
    serialize: (value, address) => texts.serializeText(encodeValue(value), address),
    async deserialize(stored, address) {
      const text = await texts.deserializeText(stored, address);
      try {
        return decodeValue(text);
      } catch (error) {
        throw corruptUnlessCoded(error, address, stored);
      }
    },
  };
}

function checkOrder(parts: readonly XComBackendPart[]): void {
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

async function bytesOf(
  envelope: XComEnvelope,
  address: XComAddress,
  byMarker: ReadonlyMap<string, XComBackendPart>,
  given: Uint8Array | undefined,
): Promise<Uint8Array> {
  const part = partOf(envelope, byMarker);
  if (!part) throw readerMissing(envelope, address);
  const inner = innerOf(envelope);
  let bytes: Uint8Array;
  if (part.kind === "place") {
    bytes = await part.get(envelope, address);
  } else if (part.kind === "chooser") {
    if (!given) throw corrupt(address, envelope, `'${part.name}' chose, and nothing was written`);
    bytes = given;
  } else {
    bytes = await part.read(given ?? inlineBytes(envelope, part.bytesField, address), envelope, address);
  }
  return inner ? bytesOf(inner, address, byMarker, bytes) : bytes;
}

function inlineBytes(envelope: XComEnvelope, field: string, address: XComAddress): Uint8Array {
  const text = envelope[field];
  if (typeof text !== "string") throw corrupt(address, envelope, `its envelope has no '${field}'`);
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw corrupt(address, envelope, `'${field}' is not base64`);
  return bytes;
}

function withInner(envelope: XComEnvelope, inner: XComEnvelope | undefined): XComEnvelope {
  return inner ? { ...envelope, inner } : envelope;
}

function innerOf(envelope: XComEnvelope): XComEnvelope | undefined {
  return typeof envelope.inner === "object" && envelope.inner !== null ? (envelope.inner as XComEnvelope) : undefined;
}

function partOf(envelope: XComEnvelope, byMarker: ReadonlyMap<string, XComBackendPart>): XComBackendPart | undefined {
  for (const field of Object.keys(envelope)) {
    if (envelope[field] === true && byMarker.has(field)) return byMarker.get(field);
  }
  return undefined;
}

function readerMissing(envelope: XComEnvelope, address: XComAddress): MillraceError {
  const marker =
    Object.keys(envelope).find((field) => field.startsWith("_xcom_") && envelope[field] === true) ?? "none";
  return coreError("XCOM_READER_MISSING", { key: address.key, taskId: address.taskId, marker });
}

function corruptUnlessCoded(error: unknown, address: XComAddress, stored: StoredXCom): MillraceError {
  return isMillraceError(error) ? error : corrupt(address, stored, messageOf(error), error);
}

function corrupt(address: XComAddress, stored: StoredXCom, why: string, cause?: unknown): MillraceError {
  const sizeBytes = Buffer.byteLength(typeof stored === "string" ? stored : JSON.stringify(stored));
  // The message of a JSON parser may quote the value: only its kind may pass.
  const reason = cause instanceof SyntaxError ? "its text is not JSON" : why;
  return coreError("XCOM_CORRUPT", { key: address.key, taskId: address.taskId, sizeBytes, why: reason });
}
