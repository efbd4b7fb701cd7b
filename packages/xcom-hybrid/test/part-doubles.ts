import { createCipheriv, createDecipheriv } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { XComAddress, XComPlace, XComStage } from "@millrace/core/plugin";

/** Simple parts that do what their names say, without a promise of safety. */

export const address: XComAddress = {
  dagId: "sales",
  runId: "manual__2026-01-01",
  taskId: "extract",
  mapIndex: -1,
  key: "return_value",
};

export function squeezing(): XComStage {
  return {
    kind: "stage",
    name: "squeezing",
    marker: "_xcom_squeezed",
    bytesField: "data",
    effect: "compress",
    async write(bytes) {
      const packed = gzipSync(bytes);
      return packed.length < bytes.length ? { envelope: { _xcom_squeezed: true, v: 1 }, bytes: packed } : undefined;
    },
    read: async (bytes) => gunzipSync(bytes, { maxOutputLength: 268_435_456 }),
  };
}

export function veiling(): XComStage {
  const key = Buffer.alloc(16, 7);
  return {
    kind: "stage",
    name: "veiling",
    marker: "_xcom_veiled",
    bytesField: "veiled",
    effect: "encrypt",
    write: async (bytes) => ({
      envelope: { _xcom_veiled: true, v: 1 },
      bytes: createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(bytes),
    }),
    read: async (bytes) => createDecipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(bytes),
  };
}

export function shelf(): { readonly place: XComPlace; readonly kept: ReadonlyMap<string, Uint8Array> } {
  const kept = new Map<string, Uint8Array>();
  const place: XComPlace = {
    kind: "place",
    name: "shelf",
    marker: "_xcom_shelved",
    async put(bytes) {
      const path = String(kept.size);
      kept.set(path, Uint8Array.from(bytes));
      return { _xcom_shelved: true, v: 1, path };
    },
    get: async ({ path }) => kept.get(String(path)) ?? Promise.reject(new Error("nothing there")),
    refOf: ({ path }) => String(path),
    async remove(refs) {
      for (const ref of refs) kept.delete(ref);
    },
  };
  return { place, kept };
}
