import { randomBytes } from "node:crypto";
import { readFile, rename, truncate, writeFile } from "node:fs/promises";
import { xcomBackend } from "@millrace/core/plugin";
import { aesGcm } from "@millrace/xcom-aes-gcm";
import { file } from "@millrace/xcom-file";
import { gzip } from "@millrace/xcom-gzip";
import { s3 } from "@millrace/xcom-s3";
import { envelopeOf, type Fault, readings, type Scene } from "./fault.ts";

const key = () => randomBytes(32).toString("base64");

/** A value in a file, and the file's path. */
async function inFile({ value, address, folder }: Scene) {
  const backend = xcomBackend([file({ dir: folder })]);
  const stored = envelopeOf(await backend.serialize(value, address));
  return { backend, stored, path: String(stored.filepath) };
}

async function encrypted({ value, address }: Scene) {
  const keys = [{ id: "2026-01", key: key() }];
  const backend = xcomBackend([aesGcm({ keys })]);
  return { backend, keys, stored: envelopeOf(await backend.serialize(value, address)) };
}

function bucketOf({ bucket }: Scene, others: { readonly endpoint?: string; readonly deadlineMs?: number } = {}) {
  if (!bucket) throw new Error("This fault needs a bucket.");
  return s3({ ...bucket, ...others });
}

/** One bit of base64 text, changed in the middle. */
function flipped(base64: unknown): string {
  const bytes = Buffer.from(String(base64), "base64");
  bytes[bytes.length >> 1] ^= 1;
  return bytes.toString("base64");
}

const all = {
  file_missing: {
    says: "The file is gone",
    code: "XCOM_FILE_MISSING",
    mending: "The file is put back from a copy",
    async stage(scene) {
      const { backend, stored, path } = await inFile(scene);
      await rename(path, `${path}.elsewhere`);
      return {
        read: () => backend.deserialize(stored, scene.address),
        async readMended() {
          await rename(`${path}.elsewhere`, path);
          return backend.deserialize(stored, scene.address);
        },
      };
    },
  },
  file_truncated: {
    says: "The file ends early",
    code: "XCOM_FILE_TRUNCATED",
    mending: "The file is written again from a copy",
    async stage(scene) {
      const { backend, stored, path } = await inFile(scene);
      const whole = await readFile(path);
      await truncate(path, whole.length - 7);
      return {
        read: () => backend.deserialize(stored, scene.address),
        async readMended() {
          await writeFile(path, whole);
          return backend.deserialize(stored, scene.address);
        },
      };
    },
  },
  file_bit_flipped: {
    says: "One bit of the file is another",
    code: "XCOM_FILE_ALTERED",
    mending: "The file is written again from a copy",
    async stage(scene) {
      const { backend, stored, path } = await inFile(scene);
      const whole = await readFile(path);
      const altered = Buffer.from(whole);
      altered[altered.length >> 1] ^= 1;
      await writeFile(path, altered);
      return {
        read: () => backend.deserialize(stored, scene.address),
        async readMended() {
          await writeFile(path, whole);
          return backend.deserialize(stored, scene.address);
        },
      };
    },
  },
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
  object_missing: {
    says: "The object is gone from the bucket",
    code: "XCOM_S3_MISSING",
    mending: "The task that wrote it is run again",
    needsBucket: true,
    async stage(scene) {
      const backend = xcomBackend([bucketOf(scene)]);
      const stored = await backend.serialize(scene.value, scene.address);
      await backend.purge(stored);
      return {
        read: () => backend.deserialize(stored, scene.address),
        readMended: async () => backend.deserialize(await backend.serialize(scene.value, scene.address), scene.address),
      };
    },
  },
  bucket_unreachable: {
    says: "The bucket's server cannot be reached",
    code: "XCOM_S3_UNREACHABLE",
    mending: "It is reached again",
    needsBucket: true,
    async stage(scene) {
      const backend = xcomBackend([bucketOf(scene)]);
      const stored = await backend.serialize(scene.value, scene.address);
      // Nobody listens on port 1.
      const cutOff = xcomBackend([bucketOf(scene, { endpoint: "http://127.0.0.1:1", deadlineMs: 500 })]);
      return {
        read: () => cutOff.deserialize(stored, scene.address),
        readMended: () => backend.deserialize(stored, scene.address),
      };
    },
  },
} as const satisfies Readonly<Record<string, Fault>>;

/** Names the faults, in the order of the report. */
export type FaultName = keyof typeof all;
export const faultNames = Object.keys(all) as readonly FaultName[];
export const faults: Readonly<Record<FaultName, Fault>> = all;
