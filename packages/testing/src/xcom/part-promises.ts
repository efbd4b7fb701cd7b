import { isMillraceError, type XComEnvelope } from "@millrace/core/plugin";
import { expect } from "vitest";

/** Promises that stages and places share. */

/** The envelope as it comes back from the store: plain JSON, with the marker, and small. */
export function storedEnvelope(envelope: XComEnvelope, marker: string, what: string): XComEnvelope {
  expect(envelope[marker], `${what}: the envelope has its marker`).toBe(true);
  const text = JSON.stringify(envelope);
  const stored = JSON.parse(text) as XComEnvelope;
  expect(stored, `${what}: the envelope is plain JSON`).toEqual(envelope);
  expect(text.length, `${what}: the envelope holds no bytes`).toBeLessThan(4_096);
  expect(Object.keys(envelope), `${what}: 'inner' is the backend's`).not.toContain("inner");
  return stored;
}

/** The part has a name and a marker that other parts do not have. */
export function expectNamed({ name, marker }: { readonly name: string; readonly marker: string }): void {
  expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
  expect(marker).toMatch(/^_xcom_[a-z0-9_]+$/);
}

/** Same bytes, told without printing megabytes. */
export function expectBytes(found: Uint8Array, wanted: Uint8Array, what: string): void {
  expect(found, `${what}: bytes come back`).toBeInstanceOf(Uint8Array);
  expect(found.length, `${what}: as many bytes as were written`).toBe(wanted.length);
  expect(Buffer.compare(found, wanted), `${what}: the same bytes`).toBe(0);
}

/** What is wrong is refused by an error with a code, which does not show the value; right bytes are right. */
export async function expectRefusal(read: Promise<Uint8Array>, what: string): Promise<string> {
  const answer = await read.then(
    () => "bytes",
    (error: unknown) => error,
  );
  expect(answer, `${what}: refused`).not.toBe("bytes");
  expect(isMillraceError(answer), `${what}: by an error with a code, not ${String(answer)}`).toBe(true);
  const { code, message, cure } = answer as { code: string; message: string; cure: string };
  expect(`${message} ${cure}`, `${what}: the error shows no value`).not.toContain(secret);
  return code;
}

/** Stands in values that no error may show. */
export const secret = "s3cr3t-in-the-value";

/** 10 KB of text that repeats itself, which no part may decline. Made anew each time: a part may spoil what it is given. */
export function largeText(words = "all work and no play"): Uint8Array {
  return new TextEncoder().encode(`"${secret} ${`${words} `.repeat(500)}"`);
}

/** The bytes, changed in one way each. */
export function damaged(bytes: Uint8Array): { readonly how: string; readonly bytes: Uint8Array }[] {
  const flipped = [0, Math.floor(bytes.length / 2), bytes.length - 1].map((place) => {
    const copy = Uint8Array.from(bytes);
    copy[place] = (copy[place] as number) ^ 1;
    return { how: `a bit of byte ${place} flipped`, bytes: copy };
  });
  return [
    ...flipped,
    { how: "without its last byte", bytes: bytes.slice(0, -1) },
    { how: "cut in half", bytes: bytes.slice(0, bytes.length >> 1) },
    { how: "without any byte", bytes: new Uint8Array(0) },
    { how: "with a byte more", bytes: Uint8Array.from([...bytes, 7]) },
  ];
}
