import { createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import type { XComAddress, XComEnvelope } from "@millrace/core/plugin";

/**
 * Decrypts by the README's section "Format", step by step, with nothing of the package: what it opens, anybody can open.
 */
export function straightDecryption(
  master: Uint8Array,
  stored: Buffer,
  envelope: XComEnvelope,
  address: XComAddress,
): Buffer {
  const text = (field: string): string => (envelope[field] === undefined ? "" : String(envelope[field]));
  const bytes = (field: string): Buffer => Buffer.from(text(field), "base64");
  const netstrings = (fields: readonly string[]): string =>
    fields.map((field) => `${Buffer.byteLength(field)}:${field},`).join("");

  const info = "millrace.xcom.aes-gcm.v1 data-key mac-key key-commitment";
  const derived = Buffer.from(hkdfSync("sha256", master, bytes("salt"), info, 96));
  const [dataKey, macKey, commitment] = [derived.subarray(0, 32), derived.subarray(32, 64), derived.subarray(64)];
  if (!commitment.equals(bytes("key_commitment"))) throw new Error("another key");

  const { dagId, runId, taskId, mapIndex, key } = address;
  const context = netstrings([
    "millrace.xcom.aes-gcm",
    "1",
    "AES-256-GCM",
    text("key_id"),
    text("wrapped_key"),
    text("segment_bytes"),
    text("checksum_algorithm"),
    text("encrypted_at"),
    dagId,
    runId,
    taskId,
    String(mapIndex),
    key,
  ]);
  const inner = envelope.inner === undefined ? "" : sorted(envelope.inner);
  const closing = netstrings([text("segment_count"), text("checksum"), inner]);

  const open = (nonce: Buffer, message: Buffer, tag: Buffer, authenticated: string): Buffer => {
    const decipher = createDecipheriv("aes-256-gcm", dataKey, nonce, { authTagLength: 16 });
    decipher.setAAD(Buffer.from(authenticated)).setAuthTag(tag);
    return Buffer.concat([decipher.update(message), decipher.final()]);
  };
  const nonce = (kind: number, index: number): Buffer => {
    const mixed = [...bytes("iv")];
    mixed[7] = (mixed[7] as number) ^ kind;
    for (const place of [0, 1, 2, 3])
      mixed[8 + place] = (mixed[8 + place] as number) ^ ((index >>> (24 - 8 * place)) & 255);
    return Buffer.from(mixed);
  };

  let value: Buffer;
  if (envelope.segment_bytes === undefined) {
    value = open(bytes("iv"), stored, bytes("tag"), context + closing);
  } else {
    open(nonce(2, 0), Buffer.alloc(0), bytes("tag"), context + closing);
    const size = Number(envelope.segment_bytes);
    const count = Number(envelope.segment_count);
    const segments = Array.from({ length: count }, (_, index) => {
      const isLast = index === count - 1;
      const segment = isLast ? stored.subarray(index * size) : stored.subarray(index * size, (index + 1) * size);
      return open(nonce(isLast ? 1 : 0, index), segment.subarray(0, -16), segment.subarray(-16), context);
    });
    value = Buffer.concat(segments);
  }
  const mac = createHmac("sha256", macKey)
    .update(context)
    .update(value)
    .update(`${inner}:${value.length}`)
    .digest("hex");
  if (envelope.checksum !== `hmac-sha256:${text("key_id")}:${mac}`) throw new Error("another checksum");
  return value;
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([field, item]) => `${JSON.stringify(field)}:${sorted(item)}`).join()}}`;
}
