import type { XComAddress } from "@millrace/core/plugin";
import { canonicalJson } from "./canonical-json.ts";
import type { EnvelopeHeader } from "./envelope.ts";

/** More than any stack of parts writes. */
const longestInner = 65_536;

/**
 * What is authenticated of every value beside its bytes: what it was encrypted with, and whose it is. Each field is a
 * netstring (`<length in bytes>:<bytes>,`), so that no two lists of fields give the same bytes.
 */
export function contextOf(header: EnvelopeHeader, address: XComAddress): string {
  return netstrings([
    "millrace.xcom.aes-gcm",
    "1",
    "AES-256-GCM",
    header.keyId,
    header.wrappedKey ?? "",
    header.segmentBytes === undefined ? "" : String(header.segmentBytes),
    header.checksumAlgorithm,
    header.encryptedAt,
    address.dagId,
    address.runId,
    address.taskId,
    String(address.mapIndex),
    address.key,
  ]);
}

/** What is authenticated beside the context and is known only at the end of a stream. */
export function closingOf(segmentCount: number | undefined, checksum: string, inner: string): string {
  return netstrings([segmentCount === undefined ? "" : String(segmentCount), checksum, inner]);
}

/** The envelope beneath, as it is authenticated; `""` for none, and `undefined` for one that cannot be. */
export function innerJsonOf(inner: unknown): string | undefined {
  if (inner === undefined) return "";
  if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return undefined;
  return canonicalJson(inner, longestInner);
}

/** False for an address that two different ids could share once they are bytes. */
export function isEncodable({ dagId, runId, taskId, mapIndex, key }: XComAddress): boolean {
  return [dagId, runId, taskId, key].every((id) => id.isWellFormed()) && Number.isSafeInteger(mapIndex);
}

function netstrings(fields: readonly string[]): string {
  let text = "";
  for (const field of fields) text += `${Buffer.byteLength(field)}:${field},`;
  return text;
}
