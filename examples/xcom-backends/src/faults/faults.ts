import { randomBytes } from "node:crypto";
import { xcomBackend } from "@millrace/core/plugin";
import { aesGcm } from "@millrace/xcom-aes-gcm";
import { gzip } from "@millrace/xcom-gzip";
import { envelopeOf, type Fault, readings, type Scene } from "./fault.ts";

const key = () => randomBytes(32).toString("base64");

async function encrypted({ value, address }: Scene) {
  const keys = [{ id: "2026-01", key: key() }];
  const backend = xcomBackend([aesGcm({ keys })]);
  return { backend, keys, stored: envelopeOf(await backend.serialize(value, address)) };
}

/** One bit of base64 text, changed in the middle. */
function flipped(base64: unknown): string {
  const bytes = Buffer.from(String(base64), "base64");
  bytes[bytes.length >> 1] ^= 1;
  return bytes.toString("base64");
}

const all = {
  ciphertext_bit_flipped: {
    says: "One bit of the encrypted value is another",
    code: "XCOM_DECRYPTION_FAILED",
    mending: "The row is restored",
    async stage(scene) {
      const { backend, stored } = await encrypted(scene);
      const broken = { ...stored, encrypted_data: flipped(stored.encrypted_data) };
      return readings(backend, scene.address, { broken, mended: stored });
    },
  },
  moved_elsewhere: {
    says: "An encrypted value is copied to the row of another task",
    code: "XCOM_DECRYPTION_FAILED",
    mending: "It is read where it was written",
    async stage(scene) {
      const { backend, stored } = await encrypted(scene);
      return {
        read: () => backend.deserialize(stored, { ...scene.address, taskId: "another_task" }),
        readMended: () => backend.deserialize(stored, scene.address),
      };
    },
  },
  wrong_key: {
    says: "The key's id is right and the key is not",
    code: "XCOM_DECRYPTION_FAILED",
    mending: "The right key is configured",
    async stage(scene) {
      const { backend, keys, stored } = await encrypted(scene);
      const other = xcomBackend([aesGcm({ keys: [{ id: keys[0].id, key: key() }] })]);
      return {
        read: () => other.deserialize(stored, scene.address),
        readMended: () => backend.deserialize(stored, scene.address),
      };
    },
  },
  key_missing: {
    says: "Keys were rotated and the old one was thrown away too early",
    code: "XCOM_KEY_MISSING",
    mending: "The old key is added again, behind the new one",
    async stage(scene) {
      const { keys, stored } = await encrypted(scene);
      const rotated = { id: "2026-02", key: key() };
      return {
        read: () => xcomBackend([aesGcm({ keys: [rotated] })]).deserialize(stored, scene.address),
        readMended: () => xcomBackend([aesGcm({ keys: [rotated, ...keys] })]).deserialize(stored, scene.address),
      };
    },
  },
  bomb: {
    says: "Somebody puts a few kilobytes there that unpack to 32 MB, more than is allowed",
    code: "XCOM_GZIP_TOO_LARGE",
    mending: "The row is restored",
    async stage(scene) {
      const huge = await xcomBackend([gzip()]).serialize("0".repeat(33_554_432), scene.address);
      const backend = xcomBackend([gzip({ maxOutputBytes: 16_777_216 })]);
      const mended = envelopeOf(await backend.serialize(scene.value, scene.address));
      return readings(backend, scene.address, { broken: envelopeOf(huge), mended });
    },
  },
  reader_missing: {
    says: "The backend was changed and the old one is named nowhere",
    code: "XCOM_READER_MISSING",
    mending: "The package is named under xcom.parts",
    async stage(scene) {
      const stored = envelopeOf(await xcomBackend([gzip()]).serialize(scene.value, scene.address));
      const keys = [{ id: "2026-01", key: key() }];
      return {
        read: () => xcomBackend([aesGcm({ keys })]).deserialize(stored, scene.address),
        readMended: () => xcomBackend([aesGcm({ keys })], { readers: [gzip()] }).deserialize(stored, scene.address),
      };
    },
  },
} as const satisfies Readonly<Record<string, Fault>>;

/** Names the faults, in the order of the report. */
export type FaultName = keyof typeof all;
export const faultNames = Object.keys(all) as readonly FaultName[];
export const faults: Readonly<Record<FaultName, Fault>> = all;
